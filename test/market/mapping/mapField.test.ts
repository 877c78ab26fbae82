import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ELSE, KINDS, PARTS, type FieldMapping } from '../../../src/market/mapping/fieldMapping.js';
import { fieldMapper, type Mapped } from '../../../src/market/mapping/mapField.js';

const NOW = Date.UTC(2026, 10, 24, 20, 33, 5);

const map = (mapping: FieldMapping, document: unknown): Mapped =>
  fieldMapper(mapping)(document, { now: NOW });

describe('A field becomes', () => {
  test.each<[what: string, mapping: FieldMapping, document: unknown, value: unknown, sent?: unknown]>([
    ['a text as it is', { from: ['a'] }, { a: ' Ann ' }, ' Ann '],
    ['a number as text', { from: ['a'] }, { a: 2108 }, '2108'],
    ['the first value that is not blank', { from: ['a', 'b', 'c'] }, { a: ' ', b: null, c: 'x' }, 'x'],
    ['a fixed text', { const: 'Roofing' }, {}, 'Roofing'],
    ['the time of receipt', { now: true }, {}, '2026-11-24T20:33:05.000Z'],
    ['a list as one text', { from: ['a'] }, { a: ['Roof', '', 'Solar'] }, 'Roof, Solar'],
    [
      'a list, if it is read as one',
      { from: ['a'], as: 'list' },
      { a: ['Roof', 'Solar'] },
      ['Roof', 'Solar'],
    ],
    [
      'several values',
      { join: ['a', 'b', 'c'], with: ' ' },
      { a: 'Hutchins', b: '', c: 'Jr.' },
      'Hutchins Jr.',
    ],
    [
      'a list of a text',
      { from: ['a'], split: '||', with: ', ' },
      { a: 'Repair||New unit' },
      'Repair, New unit',
    ],
    ['what a lookup says', { from: ['a'], lookup: [{ label: 'Own', value: 'yes' }] }, { a: ' OWN' }, 'yes'],
    [
      'what a lookup says of each entry of a list',
      { from: ['a'], lookup: [{ label: 'r', value: 'Roof' }] },
      { a: ['r', 's'] },
      'Roof, s',
    ],
    [
      'another text than the lookup lists',
      { from: ['a'], lookup: [{ label: 'Own', value: 'yes' }], else: 'no' },
      { a: 'Rent' },
      'no',
    ],
    [
      'a phone number',
      { from: ['a'], as: 'phone' },
      { a: '(512) 555-0117' },
      '+15125550117',
      '(512) 555-0117',
    ],
    [
      'a phone number in parts',
      { from: ['a'], as: 'phone' },
      { a: { area: '512', phone: '555-0117' } },
      '+15125550117',
      '512 555-0117',
    ],
    [
      'a phone number in a map',
      { from: ['a'], as: 'phone' },
      { a: { full: '(305) 555-0163' } },
      '+13055550163',
      '(305) 555-0163',
    ],
    [
      'a date in parts',
      { from: ['a'], as: 'date' },
      { a: { month: '3', day: '7', year: '1985' } },
      '1985-03-07',
    ],
    [
      'a date in parts that are joined',
      { from: ['a'], join: ['year', 'month', 'day'], with: '-', as: 'date', order: 'ymd' },
      { a: { month: '03', day: '07', year: '1985' } },
      '1985-03-07',
    ],
    [
      'a time of a format',
      { join: ['d', 't'], with: ' ', as: 'time', format: 'YYYY-MM-DD hh:mm A UTC' },
      { d: '2026-11-24', t: '08:33 PM UTC' },
      '2026-11-24T20:33:00Z',
      '2026-11-24 08:33 PM UTC',
    ],
    [
      'a time of a format without an offset, in its zone',
      { join: ['d', 't'], with: ' ', as: 'time', format: 'MMMM D, YYYY h:mm a', zone: 'America/Chicago' },
      { d: 'November 24, 2026', t: '8:33 pm' },
      '2026-11-25T02:33:00Z',
      'November 24, 2026 8:33 pm',
    ],
    [
      'seconds',
      { from: ['a'], as: 'time', unit: 's' },
      { a: 1796115600 },
      '2026-12-01T09:00:00Z',
      '1796115600',
    ],
    ['a first name', { from: ['a'], part: 'first' }, { a: 'DE LA CRUZ, ANA MARIA' }, 'ANA MARIA'],
    ['a last name', { from: ['a'], part: 'last' }, { a: 'DE LA CRUZ, ANA MARIA' }, 'DE LA CRUZ'],
    [
      'a last name of a map',
      { from: ['a'], part: 'last' },
      { a: { First: 'Mary', Last: 'Smith Jones' } },
      'Smith Jones',
    ],
    ['an extension', { from: ['a'], part: 'extension' }, { a: '305.555.0163 x12' }, '12'],
    ['a lower bound', { from: ['a'], part: 'min' }, { a: '700-749' }, '700'],
    ['a day', { from: ['a'], part: 'date' }, { a: '2026-11-24T23:33:05-06:00' }, '2026-11-24'],
    ['what could not be read', { from: ['a'], as: 'zip' }, { a: '12' }, '12'],
    [
      'a text under a condition',
      { from: ['a'], when: { from: ['b'], is: [true] } },
      { a: 'x', b: 'on' },
      'x',
    ],
    [
      'a text under a condition',
      { from: ['a'], when: { from: ['b'], is: ['Yes', 'Sure'] } },
      { a: 'x', b: 'sure' },
      'x',
    ],
    [
      'a text under a condition',
      { from: ['a'], when: { from: ['b'], exists: false } },
      { a: 'x', b: ' ' },
      'x',
    ],
  ])('%s: %j', (_what, mapping, document, value, sent = value) => {
    expect(map(mapping, document)).toMatchObject({ value, sent });
  });
});

describe('A field is missing, and the reason says why', () => {
  test.each<[mapping: FieldMapping, document: unknown, missing: string]>([
    [{ from: ['answers.phone'] }, { answers: { phon: 'x' } }, 'nothing at answers.phone; there is "phon"'],
    [{ from: ['a'] }, { a: '\u200B' }, 'a is blank'],
    [{ from: ['a'], as: 'date' }, { a: 'N/A' }, 'blank'],
    [{ from: ['a'], when: { from: ['b'], is: [true] } }, { a: 'x' }, 'the condition on b does not hold'],
    [{ from: ['a'], part: 'last' }, { a: 'Prince' }, 'the value has no part "last"'],
    [
      { from: ['a'], lookup: [{ label: 'Own', value: 'yes' }], else: 'drop' },
      { a: 'Rent' },
      'none of the values that the lookup lists',
    ],
    [{ from: ['a'], as: 'zip', else: 'drop' }, { a: '12' }, 'not a ZIP code of 5 or 9 digits'],
    [{ from: ['a'], part: 'first' }, { a: `A ${'('.repeat(60_000)}B` }, 'longer than 10000 characters'],
    [{ from: ['a'], as: 'list' }, { a: `A${' '.repeat(60_000)}B` }, 'longer than 10000 characters'],
  ])('%j', (mapping, document, missing) => {
    expect(map(mapping, document)).toEqual({ missing });
  });
});

test('A value that cannot be read is a fault if the mapping refuses it', () => {
  expect(map({ from: ['a'], as: 'zip', else: 'refuse' }, { a: '12' })).toEqual({
    fault: 'not a ZIP code of 5 or 9 digits',
  });
  expect(map({ from: ['a'], lookup: [{ label: 'Own', value: 'y' }], else: 'refuse' }, { a: 'Rent' })).toEqual(
    {
      fault: 'none of the values that the lookup lists',
    },
  );
});

test('A faulty path or format is an error before any document is read', () => {
  expect(() => fieldMapper({ from: ['a..b'] })).toThrow(/a\.\.b/);
  expect(() => fieldMapper({ from: ['a'], as: 'time', format: 'quarter past' })).toThrow(/quarter past/);
});

test('Any mapping of any document is a text, a list, a fault or a reason', () => {
  const names = fc.constantFrom('a', 'b', 'c.d', 'c[0]', '["__proto__"]', '$..a');
  const mappings = fc.record(
    {
      from: fc.array(names, { minLength: 1, maxLength: 3 }),
      join: fc.array(names, { minLength: 1, maxLength: 3 }),
      split: fc.constantFrom(',', '|'),
      with: fc.constantFrom(', ', ' '),
      part: fc.constantFrom(...PARTS),
      as: fc.constantFrom(...KINDS),
      else: fc.constantFrom(...ELSE, 'other'),
    },
    { requiredKeys: ['from'] },
  );
  fc.assert(
    fc.property(
      mappings,
      fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.jsonValue()),
      (mapping, document) => {
        const mapped = map(mapping, document);
        expect(Object.keys(mapped).filter((key) => ['value', 'missing', 'fault'].includes(key))).toHaveLength(
          1,
        );
      },
    ),
  );
});
