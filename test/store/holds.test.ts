import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hold } from '../../src/market/limits/duplicates.js';
import type { DuplicateRule } from '../../src/market/model/market.js';
import {
  confirm,
  confirmCollected,
  confirmLater,
  dropHold,
  noteHold,
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
  expect((await readUsage(database, [], { phone: 'b' })).holds).toMatchObject([hold('one', 'b')]);
});

test('A sale without limits is noted once beside its post, and removed if it is not booked', async () => {
  const one = hold('noted', 'n');
  await Promise.all([noteHold(database, one), noteHold(database, one)]);
  await noteHold(database, { ...one, at: NOW + 5 });
  await noteHold(database, hold('other', 'n'));
  expect((await readUsage(database, [], { phone: 'n' })).holds).toMatchObject([one, hold('other', 'n')]);
  await dropHold(database, one);
  expect(await salesOf('n')).toEqual(['other']);
});

test('The buyers of a shared lead are noted together', async () => {
  const shared = { ...hold('first', 's'), lead: 'shared' };
  const holds = ['first', 'second', 'third'].map((sale) => ({ ...shared, sale, contract: sale }));
  await Promise.all(holds.map((one) => noteHold(database, one)));
  expect(await salesOf('s')).toEqual(['first', 'second', 'third']);
});

test('Of a number that many leads have, the latest noted sales of a contract are kept', async () => {
  for (let i = 0; i < 5; i++) await noteHold(database, hold(`sale ${i}`, 'm'));
  expect(await salesOf('m')).toEqual(['sale 2', 'sale 3', 'sale 4']);
});

test('Sales under limits are confirmed together, and not for a person that was erased meanwhile', async () => {
  const sales = ['x', 'y', 'erased'].map((sale) => hold(sale, sale === 'erased' ? 'gone' : 'together'));
  for (const one of sales) {
    expect(await reserve(database, asking(one))).toHaveProperty('counted');
    confirmLater(database, one, { countedIn: [], person: 'settle' });
  }
  await database.persons.deleteOne({ _id: 'phone:gone' });
  await confirmCollected(database);
  const { holds } = await readUsage(database, [], { phone: 'together' });
  expect(holds.map(({ sale, posting }) => [sale, posting])).toEqual([
    ['x', false],
    ['y', false],
  ]);
  expect(await salesOf('gone')).toEqual([]);
});

const rule: DuplicateRule = { by: ['phone'], match: 'any', withinDays: 1, per: 'buyer' };

const asking = (one: Hold, duplicates: DuplicateRule[] = []): Reservation => ({
  hold: one,
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
  const other = { ...hold('other', 'c'), contract: 'ACME1234/solar/fabrikam', buyer: 'fabrikam' };
  await confirm(database, other);
  for (let i = 0; i < 5; i++) await confirm(database, hold(`sale ${i}`, 'c', NOW + i));
  expect(await salesOf('c')).toEqual(['other', 'sale 2', 'sale 3', 'sale 4']);
  const next = hold('after that', 'c', NOW + DAY);
  expect(await reserve(database, asking(next, [rule]))).toHaveProperty('refusal.reason', 'duplicate');
  const later = { ...next, at: NOW + 2 * DAY };
  expect(await reserve(database, asking(later, [rule]))).toEqual({ counted: [] });
  await confirm(database, later);
  expect(await salesOf('c')).toEqual(['other', 'sale 3', 'sale 4', 'after that']);
});

test('Posts that are refused leave the sales before them, however many there were', async () => {
  await confirm(database, hold('sold', 'd'));
  const posts = Array.from({ length: 20 }, (_, i) => hold(`post ${i}`, 'd'));
  for (const post of posts) expect(await reserve(database, asking(post))).toEqual({ counted: [] });
  await confirm(database, hold('sold meanwhile', 'd'));
  expect(await salesOf('d')).toHaveLength(22);
  await Promise.all(posts.map((post) => release(database, post)));
  expect(await salesOf('d')).toEqual(['sold', 'sold meanwhile']);
  expect(await reserve(database, asking(hold('next', 'd'), [rule]))).toHaveProperty('refusal');
});

test('A post that is accepted after others stays a sale with its own time', async () => {
  const first = hold('first', 'e', NOW - 5);
  await reserve(database, asking(first));
  await confirm(database, hold('second', 'e'));
  await confirm(database, { ...first, at: NOW + 5 });
  expect((await readUsage(database, [], { phone: 'e' })).holds).toEqual([
    hold('second', 'e'),
    { ...first, posting: false },
  ]);
});
