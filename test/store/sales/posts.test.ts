import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limitsOf } from '../../../src/market/limits/usage.js';
import type { Round } from '../../../src/market/model/round.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument, LeadDocument } from '../../../src/store/documents.js';
import { storeRound } from '../../../src/store/leads/rounds.js';
import { withdraw } from '../../../src/store/leads/withdrawals.js';
import { claimLead } from '../../../src/store/sales/claims.js';
import { beginPost, bookPost, storeRoundWithPost, type SaleNeeds } from '../../../src/store/sales/posts.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';
const NOW = Date.UTC(2026, 10, 24, 12);

describe('a round that is stored with the post of its first offer', () => {
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

  const sale = { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'highestBid' } as const;
  const round: Round = {
    number: 1,
    campaign: 'ACME1234/auto-insurance',
    version: 1,
    at: 0,
    terms: { currency: 'USD', sale, pending: { retryAfter: [], expireAfter: 0 } },
    excluded: [],
    entries: [],
    later: [],
    changes: [],
    tell: { postbacks: 0, notices: {} },
  };
  /** The offer to a contract of its own. */
  const offer = (lead: LeadDocument, contract: string) => ({
    ...{ lead, contract, postId: `${lead._id}-post`, round: 1, buyer: 'northwind', exclusive: true },
    ...{ price: 4500, earns: 4500, currency: 'USD', maxBuyers: 1 },
  });
  const free: SaleNeeds = {
    ...{ buyer: { id: 'northwind' }, limits: [], limiting: undefined, duplicates: [] },
    ...{ notesPerson: false, countsOffers: false },
  };
  /** One lead a day, and one of the same person. */
  const limited: SaleNeeds = {
    ...free,
    limits: limitsOf({ caps: { day: 1 }, timezone: 'UTC' }, undefined, 4500, NOW),
    duplicates: [{ per: 'contract', by: ['phone'], match: 'any', withinDays: 1 }],
    notesPerson: true,
  };
  const store = (terms: ReturnType<typeof offer>, needs: SaleNeeds) =>
    storeRoundWithPost(database, round, terms, { needsOf: () => Promise.resolve(needs), now: NOW });
  const begin = (terms: Parameters<typeof beginPost>[1], needs: SaleNeeds) =>
    beginPost(database, terms, () => Promise.resolve(needs), NOW);
  const stored = (_id: string) => database.leads.findOne({ _id });
  const reservedFor = async (contract: string) => (await database.usage.findOne({ _id: contract }))?.reserved;
  const leadOf = (phone: string) => storeLead(database, campaign, { match: { phone } });

  test('is found again by a repeated claim', async () => {
    const lead = await storeLead(database, campaign);
    const terms = offer(lead, CONTRACT);
    expect(await store(terms, free)).toMatchObject({ claim: { postId: terms.postId, status: 'posting' } });
    expect(await stored(lead._id)).toMatchObject({
      ...{ claimed: 1, claimedAlone: true, lastRound: 1, rounds: { 1: { version: 1 } } },
      claims: { [CONTRACT]: { postId: terms.postId } },
    });
    expect(await store(terms, free)).toBeUndefined();
    const repeated = await claimLead(database, { ...terms, lead: lead._id });
    expect(repeated).toMatchObject({ isNew: false, claim: { postId: terms.postId } });
  });

  test('reserves what the sale needs in the same request', async () => {
    const contract = v7();
    const lead = await leadOf('phone of a reservation');
    const terms = offer(lead, contract);
    const post = await store(terms, limited);
    expect(post?.counted).toEqual([{ path: 'sold.day:2026-11-24', adds: 1 }]);
    expect(await reservedFor(contract)).toMatchObject({ [terms.postId]: { lead: lead._id } });
    expect(await database.persons.findOne({ _id: 'phone:phone of a reservation' })).toMatchObject({
      purchases: [{ sale: terms.postId, posting: true }],
    });
    expect(await begin({ ...terms, stored: post }, limited)).toMatchObject({
      status: 'posting',
      post: { isNew: true, counted: post?.counted, unsettled: { countedIn: [contract], person: 'settle' } },
    });
    expect((await database.usage.findOne({ _id: contract }))?.sold).toEqual({ 'day:2026-11-24': 1 });
  });

  test.each([
    { under: 'no limit', needs: free },
    { under: 'limits', needs: limited },
  ])(
    'under $under stores and reserves nothing if another attempt has stored it, or the lead is withdrawn',
    async ({ needs }) => {
      const contract = v7();
      const lead = await storeLead(database, campaign);
      await storeRound(database, lead._id, { ...round, at: 5 });
      expect(await store(offer(lead, contract), needs)).toBeUndefined();
      expect(await stored(lead._id)).toMatchObject({ claimed: 0, claims: {}, rounds: { 1: { at: 5 } } });
      const other = await storeLead(database, campaign);
      await withdraw(database, other._id);
      expect(await store(offer(other, contract), needs)).toBeUndefined();
      expect(await stored(other._id)).toMatchObject({ claimed: 0, rounds: {} });
      expect(await reservedFor(contract)).toBeUndefined();
    },
  );

  test('is not sent again after its booking, by an attempt that knew the lead before', async () => {
    const lead = await storeLead(database, campaign);
    const terms = offer(lead, v7());
    const begun = await begin({ ...terms, stored: await store(terms, free) }, free);
    if (begun.status !== 'posting') throw new Error(begun.status);
    expect(await bookPost(database, begun.post)).toBe('accepted');
    expect(await begin(terms, free)).toMatchObject({ status: 'settled', claim: { status: 'accepted' } });
  });

  test('of two with room for one, the second is refused by the limit, and its claim is given up', async () => {
    const contract = v7();
    await store(offer(await leadOf('one'), contract), limited);
    const lead = await leadOf('another');
    const terms = offer(lead, contract);
    const post = await store(terms, limited);
    expect(post).toMatchObject({ claim: { status: 'posting' } });
    expect(post?.counted).toBeUndefined();
    expect(await begin({ ...terms, stored: post }, limited)).toMatchObject({
      status: 'refused',
      refusal: { answer: 'capped' },
    });
    expect(await stored(lead._id)).toMatchObject({ claimed: 0, claims: {}, rounds: { 1: { version: 1 } } });
    expect(Object.keys((await reservedFor(contract)) ?? {})).toHaveLength(1);
  });

  test('a purchase of the same person refuses the second', async () => {
    const contract = v7();
    const needs: SaleNeeds = { ...limited, limits: [] };
    await store(offer(await leadOf('the same person'), contract), needs);
    const terms = offer(await leadOf('the same person'), contract);
    expect(await begin({ ...terms, stored: await store(terms, needs) }, needs)).toMatchObject({
      status: 'refused',
      refusal: { answer: 'duplicate' },
    });
  });

  test('a limit that no sale can meet reserves nothing', async () => {
    const contract = v7();
    const limits = limitsOf({ budget: { day: 100 }, timezone: 'UTC' }, undefined, 4500, NOW);
    const terms = offer(await leadOf('any'), contract);
    const needs: SaleNeeds = { ...free, limits };
    const post = await store(terms, needs);
    expect(await reservedFor(contract)).toBeUndefined();
    expect(await begin({ ...terms, stored: post }, needs)).toMatchObject({
      status: 'refused',
      refusal: { answer: 'over_budget' },
    });
  });
});
