import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Purchase } from '../../src/market/limits/duplicates.js';
import type { DuplicateRule } from '../../src/market/model/market.js';
import {
  confirm,
  confirmCollected,
  confirmLater,
  dropPurchase,
  notePurchase,
  readUsage,
  release,
  reserve,
  type Reservation,
} from '../../src/store/sales/capacity.js';
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

const purchase = (sale: string, phone: string, at = NOW): Purchase => {
  const [campaign, buyer] = ['ACME1234/solar', 'northwind'];
  return { sale, lead: `lead of ${sale}`, contract: `${campaign}/${buyer}`, buyer, campaign, at, phone };
};

const salesOf = async (phone: string): Promise<string[]> =>
  (await readUsage(database, [], { phone })).purchases.map(({ sale }) => sale);

test('A new sale of a person deletes purchases that are older than any rule', async () => {
  await confirm(database, purchase('ten years ago', 'a', NOW - 3650 * DAY));
  await confirm(database, purchase('not quite', 'a', NOW - 3650 * DAY + 1));
  await confirm(database, purchase('today', 'a'));
  expect(await salesOf('a')).toEqual(['not quite', 'today']);
});

test('A sale confirmed twice is recorded once, with the first time', async () => {
  await confirm(database, purchase('one', 'b'));
  await confirm(database, purchase('one', 'b', NOW + 5));
  expect((await readUsage(database, [], { phone: 'b' })).purchases).toMatchObject([purchase('one', 'b')]);
});

test('A sale without limits is noted once beside its post, and removed if it is not booked', async () => {
  const one = purchase('noted', 'n');
  await Promise.all([notePurchase(database, one), notePurchase(database, one)]);
  await notePurchase(database, { ...one, at: NOW + 5 });
  await notePurchase(database, purchase('other', 'n'));
  expect((await readUsage(database, [], { phone: 'n' })).purchases).toMatchObject([
    one,
    purchase('other', 'n'),
  ]);
  await dropPurchase(database, one);
  expect(await salesOf('n')).toEqual(['other']);
});

test('The buyers of a shared lead are noted together', async () => {
  const shared = { ...purchase('first', 's'), lead: 'shared' };
  const purchases = ['first', 'second', 'third'].map((sale) => ({ ...shared, sale, contract: sale }));
  await Promise.all(purchases.map((one) => notePurchase(database, one)));
  expect(await salesOf('s')).toEqual(['first', 'second', 'third']);
});

test('Of a number that many leads have, the latest noted sales of a contract are kept', async () => {
  for (let i = 0; i < 5; i++) await notePurchase(database, purchase(`sale ${i}`, 'm'));
  expect(await salesOf('m')).toEqual(['sale 2', 'sale 3', 'sale 4']);
});

test('Sales under limits are confirmed together, and not for a person that was erased meanwhile', async () => {
  const sales = ['x', 'y', 'erased'].map((sale) => purchase(sale, sale === 'erased' ? 'gone' : 'together'));
  for (const one of sales) {
    expect(await reserve(database, asking(one))).toHaveProperty('counted');
    confirmLater(database, one, { countedIn: [], person: 'settle' });
  }
  await database.persons.deleteOne({ _id: 'phone:gone' });
  await confirmCollected(database);
  const { purchases } = await readUsage(database, [], { phone: 'together' });
  expect(purchases.map(({ sale, posting }) => [sale, posting])).toEqual([
    ['x', false],
    ['y', false],
  ]);
  expect(await salesOf('gone')).toEqual([]);
});

const rule: DuplicateRule = { by: ['phone'], match: 'any', withinDays: 1, per: 'buyer' };

const asking = (one: Purchase, duplicates: DuplicateRule[] = []): Reservation => ({
  purchase: one,
  price: 100,
  currency: 'USD',
  limits: [],
  buyer: { id: 'northwind' },
  match: { phone: one.phone },
  duplicates,
  notesPerson: true,
  countsOffers: false,
});

test('Of a number that a thousand leads have, the latest sales of each contract are kept', async () => {
  const other = { ...purchase('other', 'c'), contract: 'ACME1234/solar/fabrikam', buyer: 'fabrikam' };
  await confirm(database, other);
  for (let i = 0; i < 5; i++) await confirm(database, purchase(`sale ${i}`, 'c', NOW + i));
  expect(await salesOf('c')).toEqual(['other', 'sale 2', 'sale 3', 'sale 4']);
  const next = purchase('after that', 'c', NOW + DAY);
  expect(await reserve(database, asking(next, [rule]))).toHaveProperty('refusal.reason', 'duplicate');
  const later = { ...next, at: NOW + 2 * DAY };
  expect(await reserve(database, asking(later, [rule]))).toEqual({ counted: [] });
  await confirm(database, later);
  expect(await salesOf('c')).toEqual(['other', 'sale 3', 'sale 4', 'after that']);
});

test('Posts that are refused leave the sales before them, however many there were', async () => {
  await confirm(database, purchase('sold', 'd'));
  const posts = Array.from({ length: 20 }, (_, i) => purchase(`post ${i}`, 'd'));
  for (const post of posts) expect(await reserve(database, asking(post))).toEqual({ counted: [] });
  await confirm(database, purchase('sold meanwhile', 'd'));
  expect(await salesOf('d')).toHaveLength(22);
  await Promise.all(posts.map((post) => release(database, post)));
  expect(await salesOf('d')).toEqual(['sold', 'sold meanwhile']);
  expect(await reserve(database, asking(purchase('next', 'd'), [rule]))).toHaveProperty('refusal');
});

test('A post that is accepted after others stays a sale with its own time', async () => {
  const first = purchase('first', 'e', NOW - 5);
  await reserve(database, asking(first));
  await confirm(database, purchase('second', 'e'));
  await confirm(database, { ...first, at: NOW + 5 });
  expect((await readUsage(database, [], { phone: 'e' })).purchases).toEqual([
    purchase('second', 'e'),
    { ...first, posting: false },
  ]);
});
