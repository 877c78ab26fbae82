import { BSON } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLeadDetails } from '../../../src/operations/leads/leadDetails.js';
import { describeLead } from '../../../src/cli/commands/leads/describeLead.js';
import type { Entry, Round } from '../../../src/market/model/round.js';
import { claimLead, skipOffer, endClaim } from '../../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument, LeadDocument, StoredLead } from '../../../src/store/documents.js';
import { eraseLead } from '../../../src/store/persons/erase.js';
import { findStoredLead, markPending } from '../../../src/store/leads/leads.js';
import { readOnly } from '../../../src/store/readOnly.js';
import { readPast } from '../../../src/store/reports/readPast.js';
import {
  findLeadForRound,
  findRound,
  moveRounds,
  readRounds,
  roundsOfLead,
  storeRound,
} from '../../../src/store/leads/rounds.js';
import { settleTurns } from '../../../src/store/fairness/turnsStore.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const CAMPAIGN = 'ACME1234/auto-insurance';
const NORTHWIND = `${CAMPAIGN}/northwind`;

let database: Database;
let campaign: CampaignDocument;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  campaign = await storeMarket(database, {});
});
afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

const bidder = (i: number, bidId: string): Entry => ({
  contract: `${CAMPAIGN}/buyer-${i}`,
  buyer: `buyer-${i}`,
  tier: 1,
  ms: 12,
  bid: { price: 900, bidId, pingId: '938cf429-9671-5a41-90fe-b8521c2a7b11' },
});

const roundOf = (number: number, entries: Entry[] = []): Round => ({
  number,
  campaign: CAMPAIGN,
  version: 1,
  at: Date.now(),
  terms: {
    currency: 'USD',
    sale: { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' },
    pending: { retryAfter: [60_000], expireAfter: 864_000_000 },
  },
  excluded: [],
  entries,
  later: [],
  changes: [],
  tell: { postbacks: 0, notices: {} },
});

const northwind = (number: number): Round =>
  roundOf(number, [{ ...bidder(0, 'bid'), contract: NORTHWIND, buyer: 'northwind' }]);

async function stored(leadId: string): Promise<StoredLead> {
  const lead = await findStoredLead(database, leadId);
  if (lead === null) throw new Error('The lead is gone');
  return lead;
}

/** Stores a round as the activity does, after moving the earlier rounds. */
async function store(leadId: string, round: Round): Promise<void> {
  const lead = await findLeadForRound(database, leadId);
  if (lead === null) throw new Error('The lead is gone');
  await moveRounds(database, lead, round.number);
  expect(await storeRound(database, leadId, round)).toEqual(round);
}

const newLead = (lead: Partial<LeadDocument> = {}): Promise<LeadDocument> =>
  storeLead(database, campaign, { status: 'pending', ...lead });

describe('a lead with many rounds', () => {
  test(
    'stays small with 151 rounds of a hundred bidders, and has them all',
    { timeout: 300_000 },
    async () => {
      const { _id } = await newLead();
      const entries = Array.from({ length: 100 }, (_, i) => bidder(i, 'x'.repeat(200)));
      let largest = 0;
      for (let number = 1; number <= 151; number += 1) {
        await store(_id, roundOf(number, entries));
        const offer = { round: number, contract: `${CAMPAIGN}/buyer-0`, answer: 'circuit_open' } as const;
        await skipOffer(database, _id, offer, false);
        if (number % 50 === 1) largest = Math.max(largest, BSON.calculateObjectSize(await stored(_id)));
      }
      expect(largest).toBeLessThan(100_000);
      expect(await database.rounds.countDocuments(roundsOfLead(_id))).toBe(150);
      const { rounds, leftOut } = await readRounds(database, await stored(_id), { first: 2, last: 2 });
      expect(rounds.map(({ round }) => round.number)).toEqual([1, 2, 150, 151]);
      expect(leftOut).toBe(147);
      expect(rounds.map(({ answers }) => answers)).toEqual(
        [1, 2, 150, 151].map((round) => [{ round, contract: `${CAMPAIGN}/buyer-0`, answer: 'circuit_open' }]),
      );

      const story = await readLeadDetails(database, _id, { personal: false });
      expect(story?.rounds.map(({ round }) => round).slice(3, 8)).toEqual([4, 5, 107, 108, 109]);
      expect(story?.rounds_left_out).toBe(101);
      expect(story && describeLead(story, new Date())).toContain('… 101 rounds are not shown');
    },
  );

  test('is read the same if an earlier release stored all rounds in the lead', async () => {
    const rounds = { 1: northwind(1), 2: northwind(2), 10: northwind(10) };
    const passed = [{ round: 2, contract: NORTHWIND, answer: 'capped' as const }];
    const { _id } = await newLead({ rounds, passed });
    const before = await readRounds(database, await stored(_id));
    expect(before.rounds.map(({ round }) => round.number)).toEqual([1, 2, 10]);
    await store(_id, northwind(11));
    expect(Object.keys((await stored(_id)).rounds)).toEqual(['11']);
    const after = await readRounds(database, await stored(_id));
    expect(after.rounds.slice(0, 3).map(({ answers }) => answers)).toEqual(
      before.rounds.map(({ answers }) => answers),
    );
    expect(after.rounds.map(({ round }) => round.number)).toEqual([1, 2, 10, 11]);
    expect(await findRound(database, _id, 2)).toEqual(northwindAt(after, 2));
  });

  const northwindAt = ({ rounds }: Awaited<ReturnType<typeof readRounds>>, number: number) =>
    rounds.find(({ round }) => round.number === number)?.round;

  test('loses nothing if a worker dies while rounds are moved', async () => {
    const { _id } = await newLead();
    await store(_id, northwind(1));
    await skipOffer(database, _id, { round: 1, contract: NORTHWIND, answer: 'capped' }, false);
    const lead = await findLeadForRound(database, _id);
    if (lead === null) throw new Error('The lead is gone');
    await moveRounds(database, lead, 2);
    // Simulates a missing update of the lead.
    const { rounds, passed } = lead;
    await database.leads.updateOne({ _id }, { $set: { rounds, passed } });
    const torn = await readRounds(database, await stored(_id));
    expect(torn.rounds.map(({ round }) => round.number)).toEqual([1]);
    await store(_id, northwind(2));
    const { rounds: all } = await readRounds(database, await stored(_id));
    expect(all.map(({ round, answers }) => [round.number, answers.length])).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  test('provides each round and the outcome of its offers to simulations', async () => {
    const { _id, receivedAt } = await newLead();
    await store(_id, northwind(1));
    const claim = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 900, earns: 900 };
    await claimLead(database, { lead: _id, contract: NORTHWIND, ...claim, currency: 'USD', maxBuyers: 1 });
    await endClaim(database, _id, { contract: NORTHWIND, postId: 'p', status: 'refused' });
    await store(_id, northwind(2));
    const until = new Date(receivedAt.getTime() + 1);
    const which = { since: receivedAt, until, campaigns: [{ id: campaign._id, seller: campaign.seller }] };
    const { leads } = await readPast(readOnly(database), which, [], () => undefined);
    const lead = leads.find(({ facts }) => facts.leadId === _id);
    expect(lead?.rounds).toHaveLength(2);
    expect(lead?.posts).toMatchObject([{ contract: NORTHWIND, answer: 'refused' }]);
  });

  test('loses the buyers’ texts of each round with its personal data', async () => {
    const { _id } = await newLead();
    await store(_id, northwind(1));
    await store(_id, northwind(2));
    expect(await eraseLead(database, _id, { by: 'ops' })).toMatchObject({ outcome: 'erased' });
    const { rounds } = await readRounds(database, await stored(_id));
    expect(rounds).toHaveLength(2);
    expect(JSON.stringify(rounds)).not.toContain('bidId');
    expect(JSON.stringify(rounds)).toContain('pingId');
  });
});

describe('a late retry of an earlier round', () => {
  let leadId: string;
  beforeAll(async () => {
    leadId = (await newLead())._id;
    await store(leadId, northwind(1));
    await skipOffer(database, leadId, { round: 1, contract: NORTHWIND, answer: 'capped' }, false);
    await store(leadId, northwind(2));
  });

  test('finds the stored round and stores no other', async () => {
    const first = await findRound(database, leadId, 1);
    expect(first).toMatchObject({ number: 1, version: 1 });
    expect(first).not.toHaveProperty('passed');
    expect(await storeRound(database, leadId, { ...roundOf(1), at: 1 })).toEqual(first);
    expect(await storeRound(database, leadId, { ...roundOf(1), version: 2 })).toEqual(first);
    expect(Object.keys((await stored(leadId)).rounds)).toEqual(['2']);
  });

  test('gets no claim', async () => {
    const claim = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 900, earns: 900 };
    const late = await claimLead(database, {
      lead: leadId,
      contract: NORTHWIND,
      ...claim,
      currency: 'USD',
      maxBuyers: 1,
    });
    expect(late).toEqual({ closed: 'pending' });
    expect((await stored(leadId)).claimed).toBe(0);
  });

  test('settles no turns and does not change the wait', async () => {
    await database.turns.insertOne({ _id: 'turns of a late try', credits: {}, version: 1 });
    const turns = { leadId, round: 1, campaign: 'turns of a late try', changes: { [NORTHWIND]: 1 } };
    await settleTurns(database, turns);
    expect(await database.turns.findOne({ _id: 'turns of a late try' })).toMatchObject({ version: 1 });
    const heard = { round: 1, changes: [{ at: 1, what: 'delay' as const }] };
    await markPending(database, leadId, new Date(), { reason: 'no_bid', foreseen: heard });
    expect(Object.keys((await stored(leadId)).rounds)).toEqual(['2']);
  });
});
