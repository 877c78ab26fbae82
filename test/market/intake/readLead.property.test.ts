import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeFields } from '../../../src/api/leads/mergeFields.js';
import { FIELDS, standardField } from '../../../src/market/fields/standardFields.js';
import { cleanText, isNullLike } from '../../../src/market/fields/text.js';
import { DEFAULT_ALIASES } from '../../../src/market/fields/aliases.js';
import { keptName } from '../../../src/market/fields/fieldNames.js';
import { readLead } from '../../../src/market/intake/readLead.js';

const OPTIONAL = { required: [] };
const ADDRESS = [
  ['seller', 'ACME1234'],
  ['category', 'Solar'],
] as const;

const standardNames = Object.keys(FIELDS).filter((name) => name !== 'seller' && name !== 'category');
const usualNames = Object.values(DEFAULT_ALIASES).flat();
const odd = fc.string({
  unit: fc.constantFrom('.', '$', '%', '2', 'E', '_', 'a', ' ', '\u200b', '\ud83d', '\0'),
  maxLength: 8,
});
const names = fc.oneof(
  fc.constantFrom(...standardNames),
  fc.constantFrom(...usualNames),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'prototype',
    '',
    '1.3',
    '$x',
    'a[]',
    'a[0]',
    'lead[phone]',
  ),
  odd,
  fc.string({ unit: 'binary', maxLength: 64 }),
);
const meaningful = fc.constantFrom(
  ...[
    '(214) 555-0187 ext. 89',
    'US-TX',
    '2108',
    '75001 1234',
    'Ann Roe <ann@example.com>',
    '203.0.113.9:51234',
  ],
  ...['2026-11-24T14:33:05-06:00', 'www.quotes.example', 'DOE, JOHN Q', '{{zip}}', 'N/A', '555-1234', 'yes'],
);
const texts = fc.oneof(meaningful, fc.string({ unit: 'binary', maxLength: 40 }), odd);
const entries = fc.array(fc.tuple(names, texts), { maxLength: 12 });

/** Fields of a request with each documented field once. */
const read = (sent: readonly (readonly [string, unknown])[]) =>
  readLead(mergeFields({ query: [], body: [...ADDRESS, ...sent] }), OPTIONAL);

/** Blank to the field's reader, or to people. */
function saysNothing(name: string, value: string): boolean {
  const text = cleanText(value);
  if (text === '' || isNullLike(text) || /^(?:seller|category)$/i.test(cleanText(name))) return true;
  const reading = standardField(name)?.read(value, {});
  return reading !== undefined && reading.value === undefined && reading.note === undefined;
}

describe('Any request', () => {
  test('is rejected only for several values of a documented field, if the campaign requires no field', () => {
    fc.assert(
      fc.property(entries, (sent) => {
        for (const { field, problem } of read(sent).faults) {
          expect(standardField(field)).toBeDefined();
          expect(problem).toMatch(/^(?:given twice|a list)/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('loses no value that is visible and not a placeholder', () => {
    fc.assert(
      fc.property(entries, (sent) => {
        const { lead, faults } = read(sent);
        if (faults.length > 0) return;
        const kept = [lead.fields, lead.sent ?? {}].flatMap((values) => Object.values(values).flat());
        const texts = new Set(kept.map(cleanText));
        for (const [name, value] of sent)
          if (!saysNothing(name, value)) expect(texts).toContain(cleanText(value));
      }),
      { numRuns: 1000 },
    );
  });

  test('has the same fields when its stored fields are sent again', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...standardNames), texts), { maxLength: 12 }), (sent) => {
        const once = read([...new Map(sent)]).lead;
        const again = read(Object.entries(once.fields)).lead;
        expect(again.fields).toEqual(once.fields);
        expect(again.unread).toEqual(once.unread);
      }),
      { numRuns: 1000 },
    );
  });

  test('has no value in its notes and warnings', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            names,
            texts.map((text) => `Zq7${text}`),
          ),
          { maxLength: 12 },
        ),
        (sent) => {
          const { lead, warnings, faults } = read(sent);
          const texts = [
            ...Object.values(lead.notes ?? {}),
            ...[...warnings, ...faults].map(({ problem }) => problem),
          ];
          expect(texts.join(' ')).not.toContain('Zq7');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

test('Different names stay different', () => {
  fc.assert(
    fc.property(fc.array(names, { maxLength: 5 }), (sent) => {
      const different = [...new Set(sent.map((name) => cleanText(name)))].filter((name) => name !== '');
      const kept = different.map((name) => keptName(name));
      expect(new Set(kept).size).toBe(kept.length);
      for (const name of kept) {
        expect(name).not.toMatch(/^\$|\./);
        expect(name in Object.prototype).toBe(false);
      }
    }),
    { numRuns: 1000 },
  );
});
