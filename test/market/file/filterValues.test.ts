import { describe, expect, test } from 'vitest';
import { isDraft } from '../../../src/market/file/draft.js';
import type { Declared } from '../../../src/market/file/fieldValues.js';
import { FilterInFile, rules } from '../../../src/market/file/filterSchema.js';
import { checkFilter } from '../../../src/market/file/filterValues.js';
import { pathText, type Path } from '../../../src/market/file/fault.js';
import { checkShape } from '../../../src/market/file/shape.js';

const RULES = Object.keys(rules)
  .filter((key) => key !== 'field')
  .join(', ');

const UNDECLARED: Declared = { fields: {}, faulty: new Set(), currency: 'USD' };

function faultsOf(filter: unknown, declared = UNDECLARED): string[] {
  const faults: string[] = [];
  const report = (path: Path, message: string) => void faults.push(`${pathText(path)}: ${message}`);
  const draft = checkShape(FilterInFile, filter, ['filter'], report);
  if (isDraft(FilterInFile, draft)) checkFilter(draft, declared, ['filter'], report);
  return faults;
}

test.each<[unknown]>([
  [{ field: 'zip', startsWith: ['75', '76'] }],
  [{ field: 'zip', startsWith: ['75'], not: ['75001'], exists: true }],
  [{ field: 'age', range: { min: 18 } }],
  [{ field: 'born', range: { min: '1960-01-01', max: '2008-02-29' } }],
  [{ field: 'make', matches: '^(toyota|honda)' }],
  [
    {
      any: [
        { field: 'a', equals: 'x' },
        {
          all: [
            { field: 'b', oneOf: ['y'] },
            { field: 'c', exists: false },
          ],
        },
      ],
    },
  ],
])('%j is a filter', (filter) => {
  expect(faultsOf(filter)).toEqual([]);
});

describe('A filter with a fault has a remedy', () => {
  test.each<[unknown, string]>([
    [{}, 'filter: is empty; write a field and a rule for it, or all or any with a list of filters'],
    [{ field: 'zip' }, `filter: has no rule for its field; add one of ${RULES}`],
    [{ equals: 'x' }, 'filter: names no field that its rule is for; add field'],
    [
      { field: 'a', exists: true, any: [{ field: 'b', exists: true }] },
      'filter: has a field and a list of filters; make the field a filter of the list',
    ],
    [{ field: 'zip', startsWith: [] }, 'filter.startsWith: is empty; remove it, or name at least one'],
    [{ field: 'zip', equals: 75001 }, 'filter.equals: is read as a number; put it in quotes: "75001"'],
    [
      { field: 'zip', equals: '  ' },
      'filter.equals: "  " is not a text of 1 to 2000 characters; write it like "Toyota"',
    ],
    [
      { field: 'zip', startWith: ['75'] },
      'filter.startWith: a filter has no key "startWith"; did you mean startsWith?',
    ],
    [{ field: 'age', range: {} }, 'filter.range: names none of min, max'],
    [
      { field: 'age', range: { min: 'old' } },
      'filter.range.min: "old" is not a number or a date; write it like 18',
    ],
    [{ field: 'age', range: { min: 65, max: 18 } }, 'filter.range: goes from 65 down to 18; swap them'],
    [
      { field: 'age', range: { min: 18, max: '2026-01-01' } },
      'filter.range: goes from a number to a date, or back; write two of a kind',
    ],
    [
      { all: [{ any: [{ field: 'a' }] }] },
      `filter.all[0].any[0]: has no rule for its field; add one of ${RULES}`,
    ],
  ])('%j', (filter, fault) => {
    expect(faultsOf(filter)[0]).toBe(fault);
  });

  test.each(['(', '(?=a)', '((a{100}){9})'])(
    'where %s is no regular expression that it may have',
    (matches) => {
      expect(faultsOf({ field: 'a', matches })[0]).toContain('filter.matches: ');
    },
  );

  test('if it is nested too deeply', () => {
    const deep = { any: [{ all: [{ any: [{ field: 'a', exists: true }] }] }] };
    expect(faultsOf(deep)[0]).toContain('a filter in a filter in a filter has no key "any"');
  });
});
