import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hold } from '../../src/market/limits/duplicates.js';
import { confirm, readUsage, reserve, type Reservation } from '../../src/store/sales/capacity.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { isolatedSettings } from '../support/stack.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 24);

let database: Database;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
});

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

const hold = (sale: string, phone: string, at = NOW): Hold => {
  const [campaign, buyer] = ['ACME1234/solar', 'northwind'];
  return { sale, lead: `lead of ${sale}`, contract: `${campaign}/${buyer}`, buyer, campaign, at, phone };
};

const salesOf = async (phone: string): Promise<string[]> =>
  (await readUsage(database, [], { phone })).holds.map(({ sale }) => sale);

test('A new sale of a person deletes holds that are older than any rule', async () => {
  await confirm(database, hold('ten years ago', 'a', NOW - 3650 * DAY));
  await confirm(database, hold('not quite', 'a', NOW - 3650 * DAY + 1));
  await confirm(database, hold('today', 'a'));
  expect(await salesOf('a')).toEqual(['not quite', 'today']);
});

test('A sale confirmed twice is recorded once, with the first time', async () => {
  await confirm(database, hold('one', 'b'));
  await confirm(database, hold('one', 'b', NOW + 5));
  expect((await readUsage(database, [], { phone: 'b' })).holds).toEqual([hold('one', 'b')]);
});

test('The last thousand sales of a number are kept, with and without a rule', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => hold(`sale ${i}`, 'c'));
  await database.persons.insertOne({ _id: 'phone:c', holds: many });
  await confirm(database, hold('latest', 'c'));
  const asking: Reservation = {
    hold: hold('after that', 'c'),
    price: 100,
    currency: 'USD',
    limits: [],
    buyer: { id: 'northwind' },
    match: { phone: 'c' },
    duplicates: [{ by: ['phone'], match: 'any', withinDays: 1, per: 'buyer' }],
    notesPerson: true,
    countsOffers: false,
  };
  expect(await reserve(database, asking)).toHaveProperty('refusal.reason', 'duplicate');
  const later = { ...asking, hold: hold('after that', 'c', NOW + 2 * DAY) };
  expect(await reserve(database, later)).toEqual({ took: [] });
  const sales = await salesOf('c');
  expect(sales).toHaveLength(1000);
  expect(sales.slice(-2)).toEqual(['latest', 'after that']);
});
