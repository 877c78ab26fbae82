import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../../src/store/db.js';
import { pruneUsage } from '../../../src/store/sales/pruneUsage.js';
import { isolatedSettings } from '../../support/stack.js';

test('Counters of past windows are deleted, and counters that still limit stay', async () => {
  const database = openDatabase(await isolatedSettings());
  onTestFinished(() => database.client.close());
  await database.usage.insertMany([
    {
      _id: 'ACME1234/auto-insurance/northwind',
      sold: { 'hour:2026-11-20T13-06:00': 3, 'day:2026-11-24': 5, 'week:2026-W46': 8, total: 90 },
      posts: { 'month:2026-10': 70, 'month:2026-11': 40 },
      spent: { 'day:2026-11-21': 12_300 },
      offers: { posted: 4, accepted: 2 },
    },
    { _id: 'buyer:northwind', balance: 100 },
  ]);
  expect(await pruneUsage(database, Date.UTC(2026, 10, 24, 12))).toBe(4);
  expect(await database.usage.find().sort({ _id: 1 }).toArray()).toEqual([
    {
      _id: 'ACME1234/auto-insurance/northwind',
      sold: { 'day:2026-11-24': 5, total: 90 },
      posts: { 'month:2026-11': 40 },
      spent: {},
      offers: { posted: 4, accepted: 2 },
    },
    { _id: 'buyer:northwind', balance: 100 },
  ]);
});
