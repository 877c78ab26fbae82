import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ensureIndexes, openDatabase, type Database } from '../../src/store/db.js';
import { settleTurns, takeTurns } from '../../src/store/turns.js';
import { isolatedSettings } from '../support/stack.js';
import { storeLead, storeMarket } from '../support/market.js';

const CAMPAIGN = 'ACME1234/auto-insurance';
const BUYERS = ['northwind', 'fabrikam', 'contoso', 'tailspin'].map((buyer) => `${CAMPAIGN}/${buyer}`);
const contenders = BUYERS.map((id) => ({ id, weight: 1 }));

let database: Database;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
});

beforeEach(() => database.turns.deleteMany({}));

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

const credits = async () => (await database.turns.findOne({ _id: CAMPAIGN }))?.credits ?? {};

test('Twenty leads at once are five turns for each of four buyers', async () => {
  const orders = await Promise.all(
    Array.from({ length: 20 }, () => takeTurns(database, CAMPAIGN, contenders, 1)),
  );
  const first = orders.map(([id]) => id);
  expect(BUYERS.map((buyer) => first.filter((id) => id === buyer).length)).toEqual([5, 5, 5, 5]);
});

test('A test lead has an order, and leaves every turn where it was', async () => {
  await takeTurns(database, CAMPAIGN, contenders, 1);
  const before = await credits();
  expect(await takeTurns(database, CAMPAIGN, contenders, 0)).toHaveLength(4);
  expect(await credits()).toEqual(before);
});

test('What a round has still to settle is settled once, also by two workers at once, beside other turns', async () => {
  const lead = await storeLead(database, await storeMarket(database, {}));
  const [first = '', second = ''] = await takeTurns(database, CAMPAIGN, contenders, 1);
  const before = await credits();
  const settle = {
    leadId: lead._id,
    round: 1,
    campaign: CAMPAIGN,
    changes: { [first]: 0.5, [second]: -0.5 },
  };
  await Promise.all([
    settleTurns(database, settle),
    settleTurns(database, settle),
    takeTurns(database, CAMPAIGN, contenders, 0),
  ]);
  const after = await credits();
  expect((after[first] ?? 0) - (before[first] ?? 0)).toBeCloseTo(0.5);
  expect((after[second] ?? 0) - (before[second] ?? 0)).toBeCloseTo(-0.5);
});
