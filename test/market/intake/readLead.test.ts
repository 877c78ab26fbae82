import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { mergeFields } from '../../../src/api/leads/mergeFields.js';
import { askedFields } from '../../../src/market/intake/askedFields.js';
import { textsOf } from '../../../src/market/intake/given.js';
import { givenFrom } from '../../support/givenFrom.js';
import {
  readAddressing,
  readLead,
  type IntakeTerms,
  type LeadReading,
} from '../../../src/market/intake/readLead.js';
import type { SourceTerms } from '../../../src/market/fields/aliases.js';

/*
 * readLead.yaml: requests by name, the fields that were sent, the terms of campaign and source if they matter, and what is
 * kept of the lead. Without `faults` the lead is accepted.
 */

const ADDRESS: [string, unknown][] = [
  ['seller', 'ACME1234'],
  ['category', 'Solar'],
];

interface Case extends Partial<LeadReading> {
  name: string;
  sent: [string, unknown][];
  terms?: Partial<Omit<IntakeTerms, 'asked'>> & { asked?: string[] };
}

const read = (sent: readonly (readonly [string, unknown])[], { asked, ...terms }: Case['terms'] = {}) =>
  readLead(mergeFields({ query: [], body: [...ADDRESS, ...sent] }), {
    required: [],
    now: Date.UTC(2026, 10, 28),
    asked: asked && new Set(asked),
    ...terms,
  });

describe('In the fields of a request', () => {
  const cases = parse(readFileSync(join(import.meta.dirname, 'readLead.yaml'), 'utf8')) as Case[];

  test.each(cases)('$name', ({ sent, terms, lead, faults = [], warnings = [] }) => {
    expect(read(sent, terms)).toEqual({ lead, faults, warnings });
  });

  test('a whole name of more than 500 characters is not split', () => {
    const required = ['firstName', 'lastName'];
    const name = `${'J'.repeat(496)} Doe`;
    expect(read([['full_name', name]], { required }).faults).toEqual([]);
    expect(read([['full_name', `J${name}`]], { required }).faults[0]).toEqual({
      field: 'firstName',
      problem:
        'missing; full_name is longer than 500 characters and was not split: send firstName and lastName',
    });
    const beside: [string, string][] = [
      ['firstName', 'Ann'],
      ['full_name', `J${name}`],
    ];
    expect(read(beside, { required }).faults.map(({ field }) => field)).toEqual(['lastName']);
  });
});

test.each<[[string, unknown][], SourceTerms, { seller?: string; category?: string }]>([
  [
    [
      ['seller', ' A '],
      ['category', 'B'],
    ],
    {},
    { seller: 'A', category: 'B' },
  ],
  [[['Seller', 'A']], {}, { seller: 'A' }],
  [[['seller', ['A', 'B']]], {}, {}],
  [
    [
      ['seller', '\u200B'],
      ['partner', 'A'],
    ],
    { aliases: [{ name: 'partner', field: 'seller' }] },
    { seller: 'A' },
  ],
])('The address of %j, with the source %j, is %j', (sent, source, address) => {
  expect(readAddressing(mergeFields({ query: [], body: sent }), source)).toEqual(address);
});

test('A request without seller and category misses them, and one with lists has a fault', () => {
  const faults = (body: [string, unknown][]) =>
    readLead(mergeFields({ query: [], body }), { required: [] }).faults;
  expect(faults([['vertical', 'Solar']])).toEqual([
    { field: 'seller', problem: 'missing' },
    { field: 'category', problem: 'missing; "vertical" was sent: did you mean category?' },
  ]);
  expect(
    faults([
      ['seller', ['A', 'B']],
      ['category', 'Solar'],
    ]),
  ).toEqual([{ field: 'seller', problem: 'a list; send one text, number or boolean' }]);
});

test('Texts and lists by name are given as in a request', () => {
  const given = givenFrom([
    ['a', 'x'],
    ['b', ['x', 'x']],
  ]);
  expect([...given]).toEqual([
    ['a', { kind: 'text', text: 'x' }],
    ['b', { kind: 'list', texts: ['x', 'x'], repeated: false }],
  ]);
  expect([...given.values()].map(textsOf)).toEqual(['x', ['x', 'x']]);
  expect(textsOf({ kind: 'list', texts: ['x', 'x'], repeated: true })).toBe('x');
  expect(textsOf({ kind: 'list', texts: ['x', 'y'], repeated: true })).toEqual(['x', 'y']);
  expect(textsOf({ kind: 'list', texts: [], repeated: true })).toEqual([]);
  expect(textsOf({ kind: 'object', json: '{}' })).toBe('{}');
});

test('A campaign asks for the fields of its checks, and of its contracts’ checks, filters and pings', () => {
  const check = { name: 'c', url: '', timeoutMs: 1, answer: 'a', whenSilent: 'fail' as const };
  const contract = {
    filters: [{ field: 'zip' }],
    ping: { fields: ['homeowner'] },
    checks: [{ ...check, sends: ['age'] }],
  };
  expect([...askedFields({ checks: [{ ...check, sends: ['email'] }] }, [contract as never, {}])]).toEqual([
    'email',
    'age',
    'zip',
    'homeowner',
  ]);
  expect(askedFields({}, []).size).toBe(0);
});
