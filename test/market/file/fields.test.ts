import { describe, expect, test } from 'vitest';
import { changeMarket, EMPTY, readMarketFile } from '../../../src/market/file/changeMarket.js';
import { faultText } from '../../../src/market/file/fault.js';
import { parseMarket } from '../../support/parseMarket.js';
import { writtenCampaign } from '../../../src/market/file/written.js';

/** A market with these declarations and filters, in lines 3 and 4. */
const market = (fields: string, filters = '[]'): string => `campaigns:
  - { seller: ACME1234, category: Auto,
      fields: ${fields},
      contracts: [{ buyer: northwind, price: 1.00${filters === '[]' ? '' : `, filters: ${filters}`} }] }
buyers: [{ id: northwind, name: Northwind, post: { url: 'https://northwind.example', timeoutMs: 3000 } }]
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
`;

function faultsOf(text: string, before = EMPTY, replace = false): string[] {
  const changed = changeMarket(readMarketFile(text), before, { replace });
  return 'faults' in changed ? changed.faults.map((fault) => faultText('m', fault)) : [];
}

const TYPES = `{ homeowner: { type: boolean }, miles: { type: number }, income: { type: money },
  credit: { type: range }, moved: { type: date }, dob: { type: birthDate }, interests: { type: list },
  roof: { type: enum, values: { asphalt: [Asphalt shingle], tile: [] } } }`.replaceAll('\n', ' ');

describe('A campaign’s declared fields', () => {
  test('are terms as in the file, with enum values in order', () => {
    const parsed = parseMarket(
      market(
        '{ dob: { type: birthDate, order: dmy! }, roof: { type: enum, label: Roof, values: { b: [B2], a: [] } } }',
      ),
    );
    expect('market' in parsed && parsed.market.campaigns[0]?.fields).toEqual({
      dob: { type: 'birthDate', order: 'dmy!' },
      roof: {
        type: 'enum',
        label: 'Roof',
        values: [
          { value: 'b', labels: ['B2'] },
          { value: 'a', labels: [] },
        ],
      },
    });
  });

  test('are shown key by key when they change', () => {
    const parsed = parseMarket(market('{ roof: { type: enum, values: { St. Louis: [A, C], b: [] } } }'));
    const [campaign] = 'market' in parsed ? parsed.market.campaigns : [];
    expect(campaign && writtenCampaign(campaign)).toMatchObject({
      'fields.roof.type': 'enum',
      'fields.roof.values.St. Louis': '[A, C]',
      'fields.roof.values.b': '[]',
    });
  });

  test.each([
    [
      '[]',
      '3:15  campaigns[0].fields: a list is not a map of fields; write each as a name, a colon and what belongs to it',
    ],
    ['{}', '3:15  campaigns[0].fields: is empty; remove it, or name at least one'],
    [
      '{ a: boolean }',
      '3:20  campaigns[0].fields.a: "boolean" is not a field’s declaration, which is a map with the keys type, label, order, unit, zone, format, values',
    ],
    ['{ a: { order: mdy } }', '3:20  campaigns[0].fields.a.type: is missing; a field’s declaration needs it'],
    [
      '{ a: { type: bool } }',
      '3:28  campaigns[0].fields.a.type: "bool" is not a type (boolean, number, money, range, date, birthDate, list, enum); write it like boolean',
    ],
    [
      '{ 2nd: { type: boolean } }',
      '3:17  campaigns[0].fields.2nd: "2nd" is not a field name (a letter, then letters, digits, _ and -, at most 64; not seller or category); write it like "firstName"',
    ],
    [
      '{ zip: { type: number } }',
      '3:17  campaigns[0].fields.zip: is a standard field, which is always read as what it is; declare custom fields only',
    ],
    [
      '{ a: { type: number, order: mdy } }',
      '3:36  campaigns[0].fields.a.order: is for dates; remove it, or write type: date',
    ],
    [
      '{ a: { type: list, values: { x: [] } } }',
      '3:34  campaigns[0].fields.a.values: is for enums; remove it, or write type: enum',
    ],
    [
      '{ a: { type: date, unit: s, format: excel } }',
      '3:43  campaigns[0].fields.a.format: and unit are two meanings of a number; keep one of them',
    ],
    [
      '{ a: { type: date, zone: UTC } }',
      '3:34  campaigns[0].fields.a.zone: says whose day a time since 1970 is; write the unit too, or remove it',
    ],
    [
      '{ a: { type: enum } }',
      '3:20  campaigns[0].fields.a.values: is missing; an enum lists its values, like values: { tile: [] }',
    ],
    [
      '{ a: { type: enum, values: {} } }',
      '3:42  campaigns[0].fields.a.values: is empty; remove it, or name at least one',
    ],
    [
      '{ a: { type: enum, values: { tile: [Slate], SLATE: [] } } }',
      '3:51  campaigns[0].fields.a.values.tile[0]: "Slate" means "SLATE" already; keep it in one place',
    ],
    [
      '{ a: { type: enum, values: { tile: [X], slate: [" x "] } } }',
      '3:63  campaigns[0].fields.a.values.slate[0]: " x " is not a label (1 to 200 characters on one line); did you mean x?',
    ],
    [
      '{ a: { type: enum, values: { tile: [X y], slate: [x  Y] } } }',
      '3:65  campaigns[0].fields.a.values.slate[0]: "x  Y" means "tile" already; keep it in one place',
    ],
    [
      '{ a: { type: enum, values: { tile: [], Tile: [] } } }',
      '3:54  campaigns[0].fields.a.values.Tile: means the same as "tile"; keep one',
    ],
  ])('%s has a fault', (fields, fault) => {
    expect(faultsOf(market(fields))).toEqual([`m:${fault}`]);
  });
});

describe('A filter on a declared field', () => {
  test.each([
    '[{ field: homeowner, equals: true }, { field: homeowner, not: [N, "0"] }]',
    '[{ field: miles, equals: 45000 }, { field: miles, oneOf: [1, "2,000"] }, { field: miles, range: { max: 5 } }]',
    '[{ field: income, equals: 12.50 }, { field: income, range: { min: 0.5 } }]',
    '[{ field: credit, range: { min: 640 } }, { field: credit, equals: 700-749 }]',
    '[{ field: moved, range: { min: "2026-01-01" } }, { field: moved, equals: "2026-11-24", startsWith: ["2026"] }]',
    '[{ field: dob, age: { min: 25, max: 70 }, matches: "-12-25$" }]',
    '[{ field: interests, includes: [solar], matches: "^s" }]',
    '[{ field: roof, equals: ASPHALT shingle, not: [Tile] }]',
    '[{ field: phone, areaCode: ["214"] }, { field: areaCode, oneOf: ["214"] }]',
    '[{ field: born, age: { min: 18 } }, { field: colours, includes: [red] }]',
  ])('may say %s', (filters) => {
    expect(faultsOf(market(TYPES, filters))).toEqual([]);
  });

  test.each([
    [
      '{ field: homeowner, age: { min: 18 } }',
      'age: is not a rule for a field of type boolean; use equals, oneOf, not, exists',
    ],
    ['{ field: homeowner, equals: maybe }', 'equals: "maybe" can\'t be read as boolean; write it like "yes"'],
    [
      '{ field: homeowner, oneOf: [true, perhaps] }',
      'oneOf[1]: "perhaps" can\'t be read as boolean; write it like "yes"',
    ],
    [
      '{ field: miles, range: { min: "2026-01-01" } }',
      'range.min: bounds a field of type number; write a number, like 640',
    ],
    [
      '{ field: miles, startsWith: ["4"] }',
      'startsWith: is not a rule for a field of type number; use equals, oneOf, not, range, exists',
    ],
    ['{ field: income, equals: "€5" }', 'equals: "€5" can\'t be read as money; write it like 12.50'],
    [
      '{ field: credit, matches: "7" }',
      'matches: is not a rule for a field of type range; use equals, oneOf, not, range, exists',
    ],
    ['{ field: credit, not: [good] }', 'not[0]: "good" can\'t be read as range; write it like "700-749"'],
    [
      '{ field: moved, range: { max: 2026 } }',
      'range.max: bounds a field of type date; write a date, like "2026-11-24"',
    ],
    [
      '{ field: moved, equals: 11/24/2026 }',
      'equals: "11/24/2026" can\'t be read as date; write it like "2026-11-24"',
    ],
    [
      '{ field: dob, range: { min: 25 } }',
      'range.min: bounds a field of type birthDate; write a date, like "2026-11-24", or an age by the rule age',
    ],
    ['{ field: dob, age: { min: 70, max: 25 } }', 'age: goes from 70 down to 25; swap them'],
    [
      '{ field: dob, age: { min: -1 } }',
      'age.min: -1 is not an age in years (a whole number from 0 to 150); write it like 25',
    ],
    [
      '{ field: interests, range: { min: 1 } }',
      'range: is not a rule for a field of type list; use includes, equals, oneOf, not, startsWith, matches, exists',
    ],
    [
      '{ field: roof, includes: [tile] }',
      'includes: is not a rule for a field of type enum; use equals, oneOf, not, startsWith, matches, exists',
    ],
    ['{ field: roof, equals: asfalt }', 'equals: "asfalt" is not a value of roof; did you mean asphalt?'],
    [
      '{ field: roof, oneOf: [tile, asphalt shingel] }',
      'oneOf[1]: "asphalt shingel" is not a value of roof; did you mean asphalt?',
    ],
    ['{ field: roof, not: [slate] }', 'not[0]: "slate" is not a value of roof; its values are asphalt, tile'],
    ['{ field: other, equals: true }', 'equals: is read as a boolean; put it in quotes: "true"'],
    ['{ field: zip, oneOf: [75001] }', 'oneOf[0]: is read as a number; put it in quotes: "75001"'],
    ['{ field: interests, equals: 7 }', 'equals: is read as a number; put it in quotes: "7"'],
    ['{ field: zip, areaCode: ["214"] }', 'areaCode: is a rule for the phone; write field: phone'],
    ['{ field: phone, areaCode: [214] }', 'areaCode[0]: is read as a number; put it in quotes: "214"'],
    [
      '{ field: phone, areaCode: ["1214"] }',
      'areaCode[0]: "1214" is not an area code (3 digits, the first from 2 to 9); write it like "214"',
    ],
    [
      '{ field: zip, age: { min: 18 } }',
      'age: is a rule for dates of birth, and zip is not one; name a field of type birthDate',
    ],
    [
      '{ field: zip, includes: ["75001"] }',
      'includes: is a rule for lists, and zip has one value; write oneOf',
    ],
    [
      '{ any: [{ field: homeowner, age: { max: 9 } }] }',
      'any[0].age: is not a rule for a field of type boolean; use equals, oneOf, not, exists',
    ],
  ])('has a fault: %s', (filter, fault) => {
    const faults = faultsOf(market(TYPES, `[${filter}]`));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^m:4:\d+ {2}campaigns\[0\]\.contracts\[0\]\.filters\[0\]\./);
    expect(faults[0]?.replace(/^.*?filters\[0\]\./, '')).toBe(fault);
  });

  test('is not checked while its declaration has a fault', () => {
    const faults = faultsOf(market('{ a: { type: bool } }', '[{ field: a, equals: true, age: { min: 3 } }]'));
    expect(faults).toHaveLength(1);
  });
});

describe('A stored contract that the file does not name', () => {
  const roof = '{ roof: { type: enum, values: { tile: [], slate: [] } } }';
  const stored = parseMarket(
    market(roof, '[{ field: roof, oneOf: [tile, slate] }]').replaceAll('northwind', 'fabrikam'),
  );
  const before = 'market' in stored ? stored.market : EMPTY;
  const exactly = (fields: string): string[] => faultsOf(market(fields), before, true);

  test('must fit the fields that its campaign declares', () => {
    expect(exactly('{ roof: { type: enum, values: { tile: [] } } }')).toEqual([
      'm:2:5  contract ACME1234/auto/fabrikam filters[0].oneOf[1] (in the market): "slate" is not a value of roof; its values are tile',
    ]);
    expect(exactly('{ roof: { type: enum, values: { tile: [], slate: [] } } }')).toEqual([]);
    expect(exactly('{ roof: { type: list } }')).toEqual([]);
  });

  test('keeps the values that it needs if the file adds some', () => {
    expect(faultsOf(market('{ roof: { values: { metal: [] } } }'), before)).toEqual([]);
  });
});
