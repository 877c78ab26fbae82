import type Type from 'typebox';
import { expect, test } from 'vitest';
import { changeMarket, EMPTY, faultsOfFile, readMarketFile } from '../../../src/market/file/changeMarket.js';
import { checkUrls } from '../../../src/market/file/checkUrls.js';
import { byPosition, faultCount, pathText } from '../../../src/market/file/fault.js';
import { isOf } from '../../../src/market/file/draft.js';
import * as values from '../../../src/market/file/values.js';

test.each<[string, Type.TSchema, string[], string[]]>([
  ['seller’s code', values.SellerCode, ['ACME1234'], ['ACME123', 'ACME12345', 'acme1234', 'ACME 123']],
  ['slug', values.Slug, ['a', 'acme-2-b', 'a'.repeat(64)], ['', '-a', 'a-', 'a--b', 'A', 'a'.repeat(65)]],
  ['name', values.Name, ['A', 'a'.repeat(100)], ['', ' a', 'a ', 'a\nb', 'a'.repeat(101)]],
  ['category', values.Category, ['Auto 2', '2'], ['', '…', ' a', 'a'.repeat(101)]],
  ['field', values.FieldName, ['a', 'A_b-2'], ['2a', 'a b', 'a.', 'seller', 'category', 'a'.repeat(65)]],
  ['target field', values.TargetField, ['a', 'seller', 'A_b-2'], ['2a', 'a b', 'a.', ' a']],
  ['state', values.State, ['TX', 'Texas'], ['XX']],
  [
    'address',
    values.Url,
    ['https://a.example/x', 'http://a'],
    [
      'a.example',
      'ftp://a.example',
      'xhttps://a.example',
      'httpss://a.example',
      'https://u@a.example',
      'https://:p@a.example',
      'https://a.example/x y',
    ],
  ],
  ['currency', values.Currency, ['USD', 'EUR'], ['XXY', 'US', 'usd']],
  [
    'time zone',
    values.TimeZone,
    ['UTC', 'America/Chicago', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'America/Chicago'],
    ['+05:00', 'America', 'America/', '/Chicago', 'America/Nowhere', 'America/Chicago ', ' UTC'],
  ],
  ['hours', values.TimeRange, ['Mon-Fri 08:00-20:00'], ['Mon-Foo 08:00-20:00']],
  ['closed time', values.ClosedTime, ['2026-12-25'], ['2026-13-25']],
  ['source', values.SourceName, ['a', '_a-b_2'], ['-a', 'a-', 'a--b', 'A', 'a b']],
  ['check', values.CheckName, ['do-not-call', 'a'.repeat(40)], ['a_b', 'a'.repeat(41)]],
  ['reason', values.ReasonName, ['wrong_number', 'a'.repeat(40)], ['Wrong', 'a'.repeat(41)]],
  ['instant', values.Instant, ['2026-12-01T09:00:00-06:00'], ['2026-12-01T09:00:00', 'soon']],
  ['duration', values.duration('1m', '1h', '5m'), ['1m', '60s', '60m', '1h'], ['59s', '61m', '2h', 'x', '']],
])('Values of a %s', (_, schema, right, wrong) => {
  expect(right.filter((value) => !isOf(schema, value))).toEqual([]);
  expect(wrong.filter((value) => isOf(schema, value))).toEqual([]);
});

test.each<[string, Type.TSchema, number[], number[]]>([
  ['amount', values.Amount, [0, 12.5], [-0.01, 1e12]],
  ['price', values.Price, [0.01, 12.5], [0, -1, 1e12]],
  ['whole number', values.whole('a', 1, 9, 5), [1, 9], [0, 10, 1.5]],
])('Numbers of a %s', (_, schema, right, wrong) => {
  expect(right.filter((value) => !isOf(schema, value))).toEqual([]);
  expect(wrong.filter((value) => isOf(schema, value))).toEqual([]);
});

test('Faults are counted, and sorted by their places', () => {
  const at = (line: number, column: number) => ({ line, column, path: '', message: '' });
  expect([at(2, 1), at(1, 9), at(1, 3), at(1, 10)].sort(byPosition)).toEqual([
    at(1, 3),
    at(1, 9),
    at(1, 10),
    at(2, 1),
  ]);
  expect([[], [at(1, 1)], [at(1, 1), at(1, 2)]].map(faultCount)).toEqual(['0 faults', '1 fault', '2 faults']);
});

test('Addresses that the settings do not allow are reported with their places', () => {
  const found: string[] = [];
  const part = {
    name: 'bad',
    url: 'good',
    sellers: [{ postback: { url: 'bad', also: ['good', 'bad'] } }, null, 5],
    campaigns: [{ fields: { url: 'bad' }, checks: [{ url: 'bad', sends: ['bad'] }] }],
  };
  const refusal = (url: string) => (url === 'bad' ? 'it is private' : undefined);
  checkUrls(part, refusal, [], (path, message) => found.push(`${pathText(path)}: ${message}`));
  expect(found).toEqual([
    'sellers[0].postback.url: "bad" can\'t be used: it is private',
    'sellers[0].postback.also[1]: "bad" can\'t be used: it is private',
    'campaigns[0].checks[0].url: "bad" can\'t be used: it is private',
  ]);
  checkUrls('bad', refusal, [], (path, message) => found.push(`${pathText(path)}: ${message}`));
  expect(found).toHaveLength(3);
});

const SELLER = `sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers: [{ id: northwind, name: Northwind, post: { url: 'https://n.example/', timeoutMs: 500 } }]
campaigns:
  - { seller: ACME1234, category: Auto Insurance, sale: { floor: 5 }, contracts: [{ buyer: northwind, price: 9 }] }
`;
const faultsOf = (result: ReturnType<typeof changeMarket>) =>
  'faults' in result
    ? result.faults.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
    : [];

test('A change of a market reports mistyped names, new campaigns without contracts, and amounts of another currency', () => {
  const first = changeMarket(readMarketFile(SELLER), EMPTY);
  if ('faults' in first) throw new Error(faultsOf(first).join('\n'));
  const market = first.changed.terms;
  const change = (text: string) =>
    faultsOf(changeMarket(readMarketFile(text), market, { needsContracts: true }));
  expect([
    change('sellers: [{ code: ACME1243 }]'),
    change('sellers: [{ code: OTHER999 }]'),
    change('buyers: [{ id: nortwind }]'),
    change('buyers: [{ id: northwind, name: N }]'),
    change('buyers: [{ name: N }]'),
    change('campaigns: [{ seller: ACME1234, category: Auto Insurence }]'),
    change('campaigns: [{ seller: ACME1234, category: Solar }]'),
    change('campaigns: [{ seller: ACME1234, category: Auto Insurance, currency: EUR }]'),
    change('campaigns: [{ seller: ACME1234, category: Auto Insurance, currency: USD }]'),
    change(''),
    change('- a'),
  ]).toEqual([
    [
      '1:11 sellers[0].slug: is missing; a seller needs it (the market has no seller "ACME1243"; did you mean ACME1234?)',
      '1:11 sellers[0].name: is missing; a seller needs it (the market has no seller "ACME1243"; did you mean ACME1234?)',
    ],
    [
      '1:11 sellers[0].slug: is missing; a seller needs it',
      '1:11 sellers[0].name: is missing; a seller needs it',
    ],
    [
      '1:10 buyers[0].name: is missing; a buyer needs it (the market has no buyer "nortwind"; did you mean northwind?)',
      '1:10 buyers[0].post: is missing; a buyer needs it, or an outlet in each of its contracts (the market has no buyer "nortwind"; did you mean northwind?)',
    ],
    [],
    ['1:10 buyers[0].id: is missing; a buyer needs it'],
    [
      '1:43 campaigns[0].category: ACME1234 has no campaign "Auto Insurence"; did you mean Auto Insurance? A new campaign needs contracts',
    ],
    [
      '1:43 campaigns[0].category: ACME1234 has no campaign "Solar"; its categories are Auto Insurance. A new campaign needs contracts',
    ],
    [
      "1:69 campaigns[0].currency: can't become EUR: campaigns[0].sale.floor is 5.00 USD (and there are 1 more); name each amount in EUR in this file",
    ],
    [],
    ['1:1 : is empty; name sellers, buyers or campaigns'],
    ['1:1 : a list is not a market, which is a map with the keys sellers, buyers, campaigns'],
  ]);
});

test('The faults of a file by itself are in the order of their places', () => {
  const faults = faultsOfFile(readMarketFile('sellers: [{ code: x }]\nbuyers: [{ id: X }]\nb: 1\n'));
  expect(faults.map(({ line, path }) => `${line} ${path}`)).toEqual([
    '1 sellers[0].code',
    '2 buyers[0].id',
    '3 b',
  ]);
  expect(faultsOfFile(readMarketFile(SELLER))).toEqual([]);
});
