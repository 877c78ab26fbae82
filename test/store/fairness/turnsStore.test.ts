import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Round } from '../../../src/market/model/round.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import type { CampaignDocument } from '../../../src/store/documents.js';
import { settleTurns, storeRoundWithTurns } from '../../../src/store/fairness/turnsStore.js';
import { isolatedSettings } from '../../support/stack.js';
import { storeLead, storeMarket } from '../../support/market.js';

const CAMPAIGN = 'ACME1234/auto-insurance';
const BUYERS = ['northwind', 'fabrikam', 'contoso', 'tailspin'].map((buyer) => `${CAMPAIGN}/${buyer}`);
const contenders = BUYERS.map((id) => ({ id, weight: 1 }));

let database: Database;
let ofAnotherWorker: Database;
let campaign: CampaignDocument;

beforeAll(async () => {
  const settings = await isolatedSettings();
  [database, ofAnotherWorker] = [openDatabase(settings), openDatabase(settings)];
  await ensureIndexes(database);
  campaign = await storeMarket(database, {});
});

beforeEach(() => database.turns.deleteMany({}));

afterAll(async () => {
  await database.db.dropDatabase();
  await Promise.all([database.client.close(), ofAnotherWorker.client.close()]);
});

const credits = async () => (await database.turns.findOne({ _id: CAMPAIGN }))?.credits ?? {};

const newLead = async (): Promise<string> => (await storeLead(database, campaign))._id;

/** The first round of a lead with all bids, and its stored form, in the order of turns. */
async function storeFirstRound(
  leadId: string,
  { by = database, among = contenders, places = 1 } = {},
): Promise<string[]> {
  const round: Round = {
    number: 1,
    campaign: CAMPAIGN,
    version: 1,
    at: Date.now(),
    terms: {
      currency: 'USD',
      sale: { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'roundRobin' },
      pending: { retryAfter: [], expireAfter: 0 },
    },
    excluded: [],
    entries: [],
    later: [],
    changes: [],
    tell: { postbacks: 0, notices: {} },
  };
  return (await storeRoundWithTurns(by, leadId, round, { contenders: among, places })).turns ?? [];
}

test('Twelve concurrent leads on two workers give three turns to each of four buyers', async () => {
  const leads = await Promise.all(Array.from({ length: 12 }, newLead));
  const orders = await Promise.all(
    leads.map((lead, i) => storeFirstRound(lead, { by: i % 2 === 0 ? database : ofAnotherWorker })),
  );
  const first = orders.map(([id]) => id);
  expect(BUYERS.map((buyer) => first.filter((id) => id === buyer).length)).toEqual([3, 3, 3, 3]);
});

test('A round takes its turn once, with two concurrent workers and after a worker died, for any bids', async () => {
  const lead = await newLead();
  const [order, again] = await Promise.all([
    storeFirstRound(lead),
    storeFirstRound(lead, { by: ofAnotherWorker }),
  ]);
  const taken = await credits();
  expect(again).toEqual(order);
  expect(await storeFirstRound(lead, { among: contenders.slice(1) })).toEqual(order);
  expect(await credits()).toEqual(taken);
  expect(taken[order[0] ?? '']).toBeCloseTo(1 / 4 - 1);
});

test('An unstored round takes no turn', async () => {
  await expect(storeFirstRound(v7())).rejects.toThrow('is gone');
  expect(await credits()).toEqual({});
});

test('A test lead has an order and changes no turn', async () => {
  await storeFirstRound(await newLead());
  const before = await credits();
  expect(await storeFirstRound(await newLead(), { places: 0 })).toHaveLength(4);
  expect(await credits()).toEqual(before);
});

test('The rest of a round is settled once, also with two concurrent workers and other turns', async () => {
  const leadId = await newLead();
  const [first = '', second = ''] = await storeFirstRound(leadId);
  const before = await credits();
  const settle = { leadId, round: 1, campaign: CAMPAIGN, changes: { [first]: 0.5, [second]: -0.5 } };
  await Promise.all([
    settleTurns(database, settle),
    settleTurns(database, settle),
    storeFirstRound(await newLead(), { places: 0 }),
  ]);
  const after = await credits();
  expect((after[first] ?? 0) - (before[first] ?? 0)).toBeCloseTo(0.5);
  expect((after[second] ?? 0) - (before[second] ?? 0)).toBeCloseTo(-0.5);
});
