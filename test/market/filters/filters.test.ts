import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileComparisons, type Fields } from '../../../src/market/filters/comparisons.js';
import type { FieldDeclarations } from '../../../src/market/fields/declaration.js';
import { compileFilters, fieldsIn, type Filter } from '../../../src/market/filters/filters.js';

const NOW = Date.parse('2026-11-28T12:00:00Z');

/** Compiles filters for a campaign with these declared fields. */
function testOf(filters: Filter[], declared: FieldDeclarations = {}) {
  const test = compileFilters(filters, {
    comparisons: compileComparisons(declared, 'USD'),
    timezone: 'America/Chicago',
  });
  return (fields: Fields, now = NOW) => test(fields, now);
}

/** The reason why a lead with these fields fails a filter. */
const failure = (filter: Filter, fields: Fields) => testOf([filter])(fields);

describe('A lead passes', () => {
  test.each<[string, Filter, Record<string, string>]>([
    ['an equal text, trimmed and in any case', { field: 'make', equals: ' toyota' }, { make: 'TOYOTA ' }],
    ['one of several texts', { field: 'make', oneOf: ['Honda', 'Toyota'] }, { make: 'toyota' }],
    ['a text that is not excluded', { field: 'make', not: ['Honda', 'Toyota'] }, { make: 'Ford' }],
    ['an exclusion without the field', { field: 'make', not: ['Honda'] }, {}],
    ['a beginning', { field: 'zip', startsWith: ['902', '75', '76'] }, { zip: '75001' }],
    ['a beginning that is the whole value', { field: 'zip', startsWith: ['75001'] }, { zip: '75001' }],
    ['a state by its name', { field: 'state', equals: 'Texas' }, { state: 'TX' }],
    ['a bound itself', { field: 'age', range: { min: 18, max: 65 } }, { age: '65' }],
    ['a range with one bound', { field: 'age', range: { min: 18 } }, { age: '101' }],
    ['a negative number', { field: 'balance', range: { max: 0 } }, { balance: '-12.50' }],
    ['an amount as people write it', { field: 'income', range: { min: 45_000 } }, { income: '$45,000.00' }],
    ['a percentage', { field: 'rate', range: { max: 5 } }, { rate: '4.5%' }],
    [
      'a date in a range',
      { field: 'born', range: { min: '1960-01-01', max: '2008-02-29' } },
      { born: '2008-02-29' },
    ],
    ['a date with a time', { field: 'born', range: { max: '2008-02-29' } }, { born: '2008-02-29T23:59:00Z' }],
    ['a date as the US writes it', { field: 'born', range: { min: '1960-01-01' } }, { born: '1/1/1960' }],
    [
      'a date of two-digit month and day',
      { field: 'born', range: { min: '1990-11-24', max: '1990-11-24' } },
      { born: '11/24/1990' },
    ],
    ['an expression anywhere in the value', { field: 'make', matches: 'yot' }, { make: 'TOYOTA' }],
    ['an expression for the whole value', { field: 'zip', matches: '^7[56]\\d{3}$' }, { zip: ' 75001 ' }],
    ['an existing field', { field: 'email', exists: true }, { email: 'ann@mail.example' }],
    ['the absence of a field that is blank', { field: 'email', exists: false }, { email: ' ' }],
    ['a filter that asks nothing', {}, {}],
    ['several rules on a field', { field: 'zip', startsWith: ['75'], not: ['75001'] }, { zip: '75002' }],
    [
      'all of several filters',
      {
        all: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
        ],
      },
      { a: '1', b: '2' },
    ],
    [
      'any of several filters',
      { any: [{ field: 'a', equals: '1' }, { all: [{ field: 'b', equals: '2' }] }] },
      { b: '2' },
    ],
  ])('%s', (_, filter, fields) => {
    expect(failure(filter, fields)).toBeUndefined();
  });

  test('no filters at all', () => {
    expect(testOf([])({})).toBeUndefined();
  });
});

describe('A failed lead is reported with field and rule for', () => {
  test.each<[string, Filter, Record<string, string>, string]>([
    [
      'another text',
      { field: 'make', equals: 'Toyota' },
      { make: 'Toyotas' },
      "make is not what 'equals' names",
    ],
    ['a field that is missing', { field: 'make', equals: 'Toyota' }, {}, 'make is missing'],
    ['a field that is blank', { field: 'make', oneOf: ['Toyota'] }, { make: '  ' }, 'make is missing'],
    ['an excluded text', { field: 'make', not: ['Toyota'] }, { make: 'toyota' }, "make is excluded by 'not'"],
    [
      'a shorter text',
      { field: 'make', startsWith: ['toyo'] },
      { make: 'toy' },
      "make does not begin as 'startsWith' says",
    ],
    [
      'a number out of range',
      { field: 'age', range: { min: 18, max: 65 } },
      { age: '65.01' },
      "age is outside 'range'",
    ],
    [
      'a text that is not a number',
      { field: 'age', range: { min: 18 } },
      { age: '20 or so' },
      "age is outside 'range'",
    ],
    [
      'a number that is not a date',
      { field: 'born', range: { min: '1960-01-01' } },
      { born: '1970' },
      "born is outside 'range'",
    ],
    [
      'an impossible date',
      { field: 'born', range: { min: '1960-01-01' } },
      { born: '2/30/1970' },
      "born is outside 'range'",
    ],
    [
      'an expression',
      { field: 'make', matches: '(?-i)^T' },
      { make: 'toyota' },
      "make does not match the expression in 'matches'",
    ],
    [
      'the absence of a field',
      { field: 'make', exists: false },
      { make: 'x' },
      "make must be absent by 'exists'",
    ],
    [
      'the second of several rules on a field',
      { field: 'zip', startsWith: ['75'], not: ['75001'] },
      { zip: '75001' },
      "zip is excluded by 'not'",
    ],
    ['the only one of any', { any: [{ field: 'a', equals: '1' }] }, {}, 'a is missing'],
    ['none of any', { any: [] }, {}, "'any' is empty"],
    [
      'a date after other text',
      { field: 'born', range: { min: '1960-01-01' } },
      { born: 'on 1/1/1990' },
      "born is outside 'range'",
    ],
    [
      'a date before other text',
      { field: 'born', range: { min: '1960-01-01' } },
      { born: '1/1/19901' },
      "born is outside 'range'",
    ],
    [
      'a full date after other text',
      { field: 'born', range: { min: '1960-01-01' } },
      { born: 'on 1990-01-01' },
      "born is outside 'range'",
    ],
    [
      'a text without a date',
      { field: 'born', range: { min: '1960-01-01' } },
      { born: 'in May' },
      "born is outside 'range'",
    ],
    [
      'the age at an impossible date',
      { field: 'born', age: { min: 18 } },
      { born: '1985-02-30' },
      "born is outside 'age'",
    ],
    ['the name of a built-in property', { field: 'constructor', exists: true }, {}, 'constructor is missing'],
    [
      'one of all',
      {
        all: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
        ],
      },
      { a: '1' },
      'b is missing',
    ],
    [
      'all of any',
      {
        any: [
          { field: 'a', equals: '1' },
          { field: 'b', equals: '2' },
          { field: 'c', equals: '3' },
        ],
      },
      { a: '2' },
      "no filter of 'any' holds, the first because a is not what 'equals' names",
    ],
  ])('%s', (_, filter, fields, detail) => {
    expect(failure(filter, fields)).toBe(detail);
  });

  test('the first of several failed filters', () => {
    const test = testOf([
      { field: 'a', equals: '1' },
      { field: 'b', equals: '2' },
      { field: 'c', equals: '3' },
    ]);
    expect(test({ a: '1', b: '3' })).toBe("b is not what 'equals' names");
  });
});

test('Filters that were compiled once decide by the time and the fields of each call', () => {
  const test = testOf([{ field: 'born', age: { min: 18 } }]);
  const fields = { born: '2008-11-29' };
  expect(test(fields, NOW)).toBe("born is outside 'age'");
  expect(test(fields, NOW + 24 * 3_600_000)).toBeUndefined();
  expect(test(fields, NOW)).toBe("born is outside 'age'");
  expect(test({ born: '2000-01-01' }, NOW)).toBeUndefined();
});

test('The fields of filters are those of their combinations, too, and a phone’s area code needs the phone', () => {
  expect(fieldsIn()).toEqual([]);
  expect(
    fieldsIn([
      { field: 'zip', exists: true },
      { all: [{ field: 'make' }, { any: [{ field: 'areaCode' }] }] },
      { any: [{ field: 'zip' }] },
    ]),
  ).toEqual(['zip', 'make', 'areaCode', 'phone', 'zip']);
});

describe('Any filters, on any lead', () => {
  const field = fc.constantFrom('a', 'b', 'c');
  const value = fc.constantFrom('x1', 'X1', 'x2', 'y', '5', '50', ' 7 ');
  const values = fc.array(value, { minLength: 1, maxLength: 3 });
  const rule: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ field, equals: value }),
    fc.record({ field, oneOf: values }),
    fc.record({ field, not: values }),
    fc.record({ field, startsWith: values }),
    fc.record({ field, range: fc.record({ min: fc.nat(9), max: fc.nat(99) }) }),
    fc.record({ field, exists: fc.boolean() }),
  );
  const filters: fc.Arbitrary<Filter[]> = fc.array(
    fc.letrec<{ filter: Filter }>((tie) => ({
      filter: fc.oneof(
        { depthSize: 'small' },
        rule,
        fc.record({ all: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      ),
    })).filter,
    { maxLength: 3 },
  );
  const lead = fc.dictionary(field, fc.oneof(value, fc.constant('')));

  const DETAIL =
    /^(no filter of 'any' holds, the first because )*[abc] (is missing|is not what 'equals' names|is not one of 'oneOf'|is excluded by 'not'|does not begin as 'startsWith' says|is outside 'range'|must be absent by 'exists')$/;

  /** A literal implementation of the definition. */
  function passes(filter: Filter, fields: Record<string, string>): boolean {
    if (filter.all) return filter.all.every((inner) => passes(inner, fields));
    if (filter.any) return filter.any.some((inner) => passes(inner, fields));
    const same = (text: string) => text.trim().toUpperCase();
    const text = same(fields[filter.field ?? ''] ?? '');
    if (filter.exists !== undefined) return (text !== '') === filter.exists;
    if (filter.not) return text === '' || !filter.not.some((one) => same(one) === text);
    if (text === '') return false;
    if (filter.oneOf) return filter.oneOf.some((one) => same(one) === text);
    if (filter.startsWith) return filter.startsWith.some((one) => text.startsWith(same(one)));
    if (filter.range)
      return Number(text) >= Number(filter.range.min) && Number(text) <= Number(filter.range.max);
    return same(filter.equals ?? '') === text;
  }

  test('pass exactly if each filter holds, and never show a value', () => {
    fc.assert(
      fc.property(filters, lead, (all, fields) => {
        const detail = testOf(all)(fields);
        expect(detail === undefined).toBe(all.every((filter) => passes(filter, fields)));
        if (detail !== undefined) expect(detail).toMatch(DETAIL);
      }),
      { numRuns: 2000 },
    );
  });
});
