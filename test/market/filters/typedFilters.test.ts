import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileComparisons, fieldsForRules, type Fields } from '../../../src/market/filters/comparisons.js';
import type { FieldDeclaration, FieldDeclarations } from '../../../src/market/fields/declaration.js';
import { readTyped } from '../../../src/market/fields/readTyped.js';
import { boundsOf } from '../../../src/market/fields/range.js';
import { compileFilters, type Filter } from '../../../src/market/filters/filters.js';

const NOW = Date.parse('2026-11-28T12:00:00Z');

interface World {
  timezone?: string;
  now?: number;
  currency?: string;
}

/** Whether a lead with this value in a declared field passes the rules; the field is `a`. */
function passes(
  declaration: FieldDeclaration,
  rules: Filter,
  value: string | string[] | undefined,
  { timezone = 'UTC', now = NOW, currency = 'USD' }: World = {},
): boolean {
  const test = compileFilters([{ field: 'a', ...rules }], {
    comparisons: compileComparisons({ a: declaration }, currency),
    timezone,
  });
  return test(value === undefined ? {} : { a: value }, now) === undefined;
}

const ROOF: FieldDeclaration = {
  type: 'enum',
  values: [
    { value: 'asphalt', labels: ['Asphalt shingle'] },
    { value: 'tile', labels: [] },
  ],
};

describe('A declared field passes', () => {
  test.each<[FieldDeclaration, Filter, string | string[]]>([
    [{ type: 'boolean' }, { equals: 'yes' }, 'TRUE'],
    [{ type: 'boolean' }, { equals: 'Y' }, 'on'],
    [{ type: 'boolean' }, { oneOf: ['0'] }, 'N'],
    [{ type: 'boolean' }, { not: ['true'] }, 'off'],
    [{ type: 'boolean' }, { not: ['true'] }, 'maybe'],
    [{ type: 'boolean' }, { exists: false }, 'maybe'],
    [{ type: 'number' }, { equals: '45,000' }, '45000.0'],
    [{ type: 'number' }, { range: { min: 45_000, max: 45_000 } }, '$45k'],
    [{ type: 'number' }, { range: { min: 2 } }, ['1', '3']],
    [{ type: 'money' }, { equals: '12.5' }, '$12.50'],
    [{ type: 'money' }, { range: { min: 1250, max: 1250 } }, 'USD 1.250,00'],
    [{ type: 'range' }, { range: { min: 640 } }, '640-679 (Fair)'],
    [{ type: 'range' }, { range: { min: 640 } }, '720+'],
    [{ type: 'range' }, { range: { min: 750 } }, 'over 750'],
    [{ type: 'range' }, { range: { max: 500 } }, 'under 500'],
    [{ type: 'range' }, { range: { max: 500 } }, 'up to 500'],
    [{ type: 'range' }, { range: { min: 700, max: 749 } }, '749 - 700'],
    [{ type: 'range' }, { range: { min: 700, max: 749 } }, '712'],
    [{ type: 'range' }, { equals: '700 to 749' }, '700-749'],
    [{ type: 'date' }, { range: { min: '2026-01-01', max: '2026-12-31' } }, '12/31/2026'],
    [{ type: 'date', order: 'dmy' }, { equals: '2026-02-01' }, '01/02/2026'],
    [{ type: 'date' }, { startsWith: ['1985-'] }, 'March 7, 1985'],
    [{ type: 'birthDate' }, { age: { min: 41, max: 41 } }, '3/7/85'],
    [{ type: 'birthDate' }, { range: { max: '1999-12-31' } }, '07-Mar-1985'],
    [{ type: 'list' }, { includes: ['SOLAR', 'gutters'] }, 'roof|solar'],
    [{ type: 'list' }, { includes: ['roof'] }, ['roof', 'solar']],
    [{ type: 'list' }, { equals: 'Solar' }, '["roof","solar"]'],
    [{ type: 'list' }, { includes: ['Repair, minor'] }, 'Repair, minor'],
    [{ type: 'list' }, { matches: '^so' }, 'roof;solar'],
    [{ type: 'list' }, { startsWith: ['so'] }, 'roof\nsolar'],
    [{ type: 'list' }, { not: ['tile'] }, 'roof;solar'],
    [ROOF, { equals: 'Asphalt  Shingle' }, ' ASPHALT'],
    [ROOF, { oneOf: ['asphalt'] }, 'asphalt shingle'],
    [ROOF, { matches: '^asphalt$' }, 'Asphalt shingle'],
    [ROOF, { not: ['tile'] }, 'slate'],
  ])('%j: %j of %j', (declaration, rules, value) => {
    expect(passes(declaration, rules, value)).toBe(true);
  });
});

describe('A declared field fails', () => {
  test.each<[FieldDeclaration, Filter, string | string[]]>([
    [{ type: 'boolean' }, { equals: 'yes' }, 'no'],
    [{ type: 'boolean' }, { equals: 'yes' }, 'Own'],
    [{ type: 'boolean' }, { not: ['true'] }, ['no', 'yes']],
    [{ type: 'boolean' }, { exists: true }, 'maybe'],
    [{ type: 'number' }, { range: { min: 1 } }, 'many'],
    [{ type: 'money' }, { range: { min: 1 } }, '€1250'],
    [{ type: 'range' }, { range: { min: 640 } }, '600-700'],
    [{ type: 'range' }, { range: { min: 640 } }, 'over 639'],
    [{ type: 'range' }, { range: { min: 640 } }, 'under 700'],
    [{ type: 'range' }, { range: { max: 700 } }, '640+'],
    [{ type: 'range' }, { range: { max: 499 } }, 'under 500'],
    [{ type: 'range' }, { range: { min: 1, max: 1000 } }, '720+'],
    [{ type: 'date' }, { range: { max: '2026-12-31' } }, '2/30/2026'],
    [{ type: 'birthDate' }, { age: { min: 42 } }, '1985-03-07'],
    [{ type: 'birthDate' }, { age: { max: 40 } }, '1985-03-07'],
    [{ type: 'birthDate' }, { age: { max: 40 } }, '2030-01-01'],
    [{ type: 'list' }, { includes: ['repair'] }, 'Repair, minor'],
    [{ type: 'list' }, { not: ['solar'] }, 'roof|solar'],
    [{ type: 'list' }, { includes: ['solar;roof'] }, 'solar'],
    [ROOF, { equals: 'tile' }, 'asphalt'],
    [ROOF, { oneOf: ['asphalt', 'tile'] }, 'slate'],
  ])('%j: %j of %j', (declaration, rules, value) => {
    expect(passes(declaration, rules, value)).toBe(false);
  });
});

describe('Money is in the currency of the campaign', () => {
  test('also if a rule names an amount', () => {
    expect(passes({ type: 'money' }, { equals: '1200' }, '¥1,200', { currency: 'JPY' })).toBe(true);
    expect(passes({ type: 'money' }, { range: { min: 1 } }, '$1,200', { currency: 'JPY' })).toBe(false);
  });
});

describe('An age', () => {
  const is18 = (born: string, at: string, timezone = 'UTC') =>
    passes({ type: 'birthDate' }, { age: { min: 18 } }, born, { now: Date.parse(at), timezone });

  test.each([
    ['2008-11-28', '2026-11-27T23:59:59Z', 'UTC', false],
    ['2008-11-28', '2026-11-28T00:00:00Z', 'UTC', true],
    ['2008-11-28', '2026-11-28T00:00:00Z', 'America/Chicago', false],
    ['2008-11-28', '2026-11-28T06:00:00Z', 'America/Chicago', true],
    ['2008-11-28', '2026-11-27T15:00:00Z', 'Asia/Tokyo', true],
    ['2008-02-29', '2026-02-28T12:00:00Z', 'UTC', false],
    ['2008-02-29', '2026-03-01T00:00:00Z', 'UTC', true],
    ['2008-02-29', '2028-02-29T00:00:00Z', 'UTC', true],
  ])('of a person born %s is computed at %s in %s', (born, at, timezone, expected) => {
    expect(is18(born, at, timezone)).toBe(expected);
  });

  test('is computed from plain dates if the field is not declared', () => {
    const test = compileFilters([{ field: 'born', age: { min: 18, max: 65 } }], {
      comparisons: compileComparisons({}, 'USD'),
      timezone: 'UTC',
    });
    expect(test({ born: '3/7/1985' }, NOW)).toBeUndefined();
    expect(test({ born: '1985-03-07T00:00:00Z' }, NOW)).toBeUndefined();
    for (const born of ['1920-01-01', '2020-01-01', '2030-01-01', '40', 'March 7, 1985'])
      expect(test({ born }, NOW)).toBe("born is outside 'age'");
  });
});

describe('A standard field', () => {
  const standard = (filter: Filter, fields: Fields) =>
    compileFilters([filter], { comparisons: compileComparisons({}, 'USD'), timezone: 'UTC' })(fields, NOW);

  test.each<[Filter, Fields]>([
    [{ field: 'phone', areaCode: ['972', '214'] }, { phone: '(214) 555-0187' }],
    [{ field: 'phone', areaCode: ['214'] }, { phone: '+12145550187;ext=89' }],
    [{ field: 'phone', startsWith: ['214'] }, { phone: '+1 214 555 0187' }],
    [{ field: 'phone', startsWith: ['(214) 555'] }, { phone: '2145550187.0' }],
    [{ field: 'phone', startsWith: ['1214'] }, { phone: '214-555-0187' }],
    [{ field: 'phone', startsWith: ['+1'] }, { phone: '214-555-0187' }],
    [{ field: 'phone', startsWith: ['+44 20'] }, { phone: '+44 20 7946 0958' }],
    [{ field: 'phone', startsWith: [' +44 20'] }, { phone: '+44 20 7946 0958' }],
    [{ field: 'phone', matches: '^\\+4420' }, { phone: '+44 20 7946 0958' }],
    [{ field: 'phone', equals: '(214) 555-0187 x12' }, { phone: '+12145550187' }],
    [{ field: 'phone', equals: '214.555.0187' }, { phone: 'tel:+1-214-555-0187' }],
    [{ field: 'phone', not: ['2145550187'] }, { phone: '+1 972 555 0187' }],
    [{ field: 'phone', matches: '^214' }, { phone: '+12145550187' }],
    [{ field: 'areaCode', oneOf: ['214'] }, { phone: '(214) 555-0187' }],
    [
      { field: 'areaCode', oneOf: ['972'] },
      { phone: '(214) 555-0187', areaCode: '972' },
    ],
    [{ field: 'zip', oneOf: ['75001'] }, { zip: '75001-1234' }],
    [{ field: 'zip', oneOf: ['75001-1234'] }, { zip: '75001 1234' }],
    [{ field: 'zip', oneOf: ['750011234'] }, { zip: '75001-1234' }],
    [{ field: 'zip', not: ['75001-9999'] }, { zip: '75001-1234' }],
    [{ field: 'zip', startsWith: ['75'] }, { zip: 'TX 75001' }],
    [{ field: 'zip', startsWith: ['75001-12'] }, { zip: '750011234' }],
    [{ field: 'zip', startsWith: ['7500112'] }, { zip: '750011234' }],
    [{ field: 'zip', startsWith: ['75001 12'] }, { zip: '750011234' }],
    [{ field: 'zip', equals: '75001' }, { zip: ['75001'] }],
    [{ field: 'zip', startsWith: ['75001-'] }, { zip: '75001' }],
    [{ field: 'zip', matches: '^7[56]\\d{3}$' }, { zip: '75001-1234' }],
    [{ field: 'zip', range: { min: 75_000, max: 75_999 } }, { zip: '75001-1234' }],
    [{ field: 'zip', equals: '02108' }, { zip: '2108' }],
    [{ field: 'zip', equals: 'k1a 0b6' }, { zip: 'K1A0B6' }],
    [{ field: 'state', equals: 'Texas' }, { state: 'TX - Texas' }],
    [{ field: 'state', oneOf: ['US-HI'] }, { state: 'Hawaiʻi' }],
    [{ field: 'state', not: ['California'] }, { state: 'Texas' }],
    [{ field: 'email', equals: 'Ann@Mail.example' }, { email: 'mailto:ann@mail.example' }],
    [{ field: 'email', equals: 'mailto:Ann@mail.example' }, { email: 'ann@mail.example' }],
    [{ field: 'email', matches: '@mail\\.example$' }, { email: 'Ann <ANN@mail.example>' }],
  ])('passes %j in %j', (filter, fields) => {
    expect(standard(filter, fields)).toBeUndefined();
  });

  test.each<[Filter, Fields, string]>([
    [
      { field: 'phone', areaCode: ['207'] },
      { phone: '+44 20 7946 0958' },
      "phone has none of the area codes in 'areaCode'",
    ],
    [
      { field: 'phone', startsWith: ['207'] },
      { phone: '+44 20 7946 0958' },
      "phone does not begin as 'startsWith' says",
    ],
    [
      { field: 'phone', startsWith: ['+44'] },
      { phone: '214-555-0187' },
      "phone does not begin as 'startsWith' says",
    ],
    [
      { field: 'phone', startsWith: ['any'] },
      { phone: '214-555-0187' },
      "phone does not begin as 'startsWith' says",
    ],
    [
      { field: 'phone', not: ['2145550187'] },
      { phone: '+1 (214) 555-0187 x12' },
      "phone is excluded by 'not'",
    ],
    [{ field: 'phone', exists: true }, { phone: '555-555-5555' }, 'phone is missing'],
    [{ field: 'areaCode', oneOf: ['214'] }, {}, 'areaCode is missing'],
    [{ field: 'areaCode', oneOf: ['214'] }, { phone: '+44 20 7946 0958' }, 'areaCode is missing'],
    [{ field: 'zip', oneOf: ['75001-1234'] }, { zip: '75001' }, "zip is not one of 'oneOf'"],
    [{ field: 'zip', not: ['75001'] }, { zip: '75001-1234' }, "zip is excluded by 'not'"],
    [
      { field: 'zip', startsWith: ['75001-13'] },
      { zip: '75001-1234' },
      "zip does not begin as 'startsWith' says",
    ],
    [{ field: 'make', oneOf: ['214'] }, { phone: '(214) 555-0187' }, 'make is missing'],
    [{ field: 'zip', startsWith: ['75'] }, { zip: '75' }, 'zip is missing'],
    [{ field: 'state', equals: 'TX' }, { state: 'somewhere' }, 'state is missing'],
    [{ field: 'state', not: ['AK'] }, { state: 'Alaska' }, "state AK is excluded by 'not'"],
  ])('fails %j in %j', (filter, fields, detail) => {
    expect(standard(filter, fields)).toBe(detail);
  });
});

test('Several values of an undeclared field pass a rule if one of them passes, and fail an exclusion if one is excluded', () => {
  const test = (rules: Filter) =>
    compileFilters([{ field: 'a', ...rules }], {
      comparisons: compileComparisons({}, 'USD'),
      timezone: 'UTC',
    })({ a: ['roof', ' Solar', ''] }, NOW);
  expect(test({ includes: ['solar'] })).toBeUndefined();
  expect(test({ oneOf: ['ROOF'] })).toBeUndefined();
  expect(test({ not: ['tile'] })).toBeUndefined();
  expect(test({ not: ['roof'] })).toBe("a is excluded by 'not'");
});

test('An unreadable custom field is read again with the campaign’s current declaration', () => {
  const fields = fieldsForRules({ fields: { a: 'slate', ip: 'here', b: 'x' }, unread: ['a', 'ip'] });
  expect(fields).toEqual({ a: 'slate', b: 'x' });
  const test = (labels: string[]) =>
    compileFilters([{ field: 'a', equals: 'tile' }], {
      comparisons: compileComparisons({ a: { type: 'enum', values: [{ value: 'tile', labels }] } }, 'USD'),
      timezone: 'UTC',
    })(fields, NOW);
  expect([test([]), test(['Slate'])]).toEqual(['a is missing', undefined]);
});

describe('For any lead and rule', () => {
  const types: FieldDeclarations = {
    boolean: { type: 'boolean' },
    number: { type: 'number' },
    money: { type: 'money' },
    range: { type: 'range' },
    date: { type: 'date', order: 'dmy' },
    birthDate: { type: 'birthDate' },
    list: { type: 'list' },
    roof: ROOF,
  };
  const declaration = fc.constantFrom(...Object.values(types));
  const text = fc.oneof(
    fc.constantFrom(
      'yes',
      'Y',
      'off',
      'maybe',
      '720+',
      '700-749',
      'over 750',
      'under 500',
      '$1,250.50',
      '45k',
    ),
    fc.constantFrom('3/7/85', '1985-03-07', '25/12/1985', '30/02/2000', 'roof|solar', 'Asphalt shingle', ''),
    fc.integer({ min: -10, max: 3000 }).map(String),
    fc.string({ maxLength: 12 }),
  );
  const value = fc.oneof(text, fc.array(text, { maxLength: 3 }));
  const bound = fc.integer({ min: -10, max: 3000 });
  const rules: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ equals: text }),
    fc.record({ oneOf: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    fc.record({ includes: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    fc.record({ startsWith: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    fc.record({ range: fc.record({ min: bound, max: bound }) }),
    fc.record({ age: fc.record({ min: fc.nat(60), max: fc.nat(90) }) }),
    fc.record({ exists: fc.boolean() }),
  );
  const normalOf = (declared: FieldDeclaration, sent: string | string[]) =>
    readTyped(declared, sent, { currency: 'USD', now: NOW }).value;

  test('an input and its normal form pass the same rules', () => {
    fc.assert(
      fc.property(declaration, rules, value, (declared, rule, sent) => {
        expect(passes(declared, rule, sent)).toBe(passes(declared, rule, normalOf(declared, sent)));
      }),
      { numRuns: 2000 },
    );
  });

  test('an unreadable value counts as missing', () => {
    fc.assert(
      fc.property(declaration, rules, value, (declared, rule, sent) => {
        fc.pre(normalOf(declared, sent) === undefined);
        expect(passes(declared, rule, sent)).toBe('not' in rule || rule.exists === false);
      }),
      { numRuns: 1000 },
    );
  });

  test('a wider range passes every value that a narrower one passes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<FieldDeclaration>({ type: 'range' }, { type: 'number' }),
        value,
        fc.tuple(bound, bound, fc.nat(100), fc.nat(100)),
        (declared, sent, [min, max, below, above]) => {
          const isIn = passes(declared, { range: { min, max } }, sent);
          if (isIn)
            expect(passes(declared, { range: { min: min - below, max: max + above } }, sent)).toBe(true);
          if (isIn) expect(passes(declared, { range: { min } }, sent)).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a range passes exactly if both of its ends pass', () => {
    fc.assert(
      fc.property(text, bound, bound, (sent, min, max) => {
        const normal = normalOf({ type: 'range' }, sent);
        const bounds = typeof normal === 'string' ? boundsOf(normal) : undefined;
        const [lower, upper] = [bounds?.min, bounds?.max];
        expect(passes({ type: 'range' }, { range: { min, max } }, sent)).toBe(
          lower !== undefined && upper !== undefined && lower >= min && upper <= max,
        );
      }),
      { numRuns: 1000 },
    );
  });
});
