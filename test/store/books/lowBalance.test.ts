import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Buyer } from '../../../src/market/model/market.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { claimLowBalanceNotice } from '../../../src/store/books/lowBalance.js';
import { bookTopUp } from '../../../src/store/books/topUp.js';
import { buyerDocument } from '../../support/market.js';
import { startBuyer, type FakeBuyer } from '../../support/buyer.js';
import { isolatedSettings } from '../../support/stack.js';

let database: Database;
let server: FakeBuyer;
let northwind: Buyer;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
  server = await startBuyer();
  const notices = { url: server.url, timeoutMs: 1000, events: ['low_balance' as const] };
  const prepaid = { balance: 10_000, lowBalance: 5000, currency: 'USD', notices };
  const document = { ...buyerDocument('northwind', server), ...prepaid };
  await database.buyers.insertOne(document);
  northwind = { ...document, id: 'northwind' };
});

beforeEach(async () => {
  await database.usage.deleteMany({});
  await database.usage.insertOne({ _id: 'buyer:northwind', balance: 4999 });
});

afterAll(async () => {
  await server.close();
  await database.db.dropDatabase();
  await database.client.close();
});

const fell = (sale: string, buyer = northwind) => claimLowBalanceNotice(database, buyer, sale);
const topUp = (amount: number) =>
  bookTopUp(database, { buyer: 'northwind', amount, currency: 'USD', key: v7() });

test('Of twenty concurrent sales below the threshold, one triggers the notice', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => fell(`sale ${i}`)));
  expect(all.filter((isFirst) => isFirst)).toHaveLength(1);
});

test('The sale that triggered the notice triggers it again when its activity is retried after a crash', async () => {
  expect([await fell('one'), await fell('two'), await fell('one')]).toEqual([true, false, true]);
});

test('The notice is triggered again after a top-up to the threshold, and not after a smaller one', async () => {
  await fell('one');
  await topUp(-1000);
  await topUp(1000);
  expect(await fell('two')).toBe(false);
  await topUp(1);
  expect(await fell('three')).toBe(false);
  await topUp(-1);
  expect(await fell('four')).toBe(true);
});

test('No notice is triggered at the threshold or for a buyer that did not request it', async () => {
  await topUp(1);
  expect(await fell('one')).toBe(false);
  await topUp(-1);
  const { notices, lowBalance, ...rest } = northwind;
  expect(await fell('two', { ...rest, ...(notices && { notices }) })).toBe(false);
  expect(await fell('three', { ...rest, ...(lowBalance !== undefined && { lowBalance }) })).toBe(false);
});
