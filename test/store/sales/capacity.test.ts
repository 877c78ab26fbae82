import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Purchase } from '../../../src/market/limits/duplicates.js';
import { limitsOf } from '../../../src/market/limits/usage.js';
import { accountId, confirm, release, reserve, type Reservation } from '../../../src/store/sales/capacity.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import type { CampaignDocument, Claim } from '../../../src/store/documents.js';
import { settleOrphans } from '../../../src/store/sales/posts.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const NOW = Date.UTC(2026, 10, 24, 12);
const DAY = 'day:2026-11-24';
const PRICE = 1000;
const MANY = 100;

let database: Database;
let campaign: CampaignDocument;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
  campaign = await storeMarket(database, {});
});

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

const purchaseOn = (sale: string, contract: string, phone?: string): Purchase => ({
  sale,
  lead: `lead of ${sale}`,
  contract,
  buyer: `buyer of ${contract}`,
  campaign: 'ACME1234/solar',
  at: NOW,
  ...(phone !== undefined && { phone }),
});

/** A sale under a contract with daily caps of five leads and five posts by default. */
function asking(purchase: Purchase, more: Partial<Reservation> = {}): Reservation {
  const terms = { caps: { day: 5 }, postCaps: { day: 5 }, timezone: 'UTC' };
  return {
    purchase,
    price: PRICE,
    currency: 'USD',
    limits: limitsOf(terms, undefined, PRICE, NOW),
    buyer: { id: purchase.buyer },
    match: purchase.phone === undefined ? {} : { phone: purchase.phone },
    duplicates: [],
    notesPerson: false,
    countsOffers: false,
    ...more,
  };
}

const atOnce = <T>(act: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: MANY }, (_, i) => act(i)));
const taken = (answers: object[]): number => answers.filter((answer) => 'counted' in answer).length;
const usageOf = (id: string) => database.usage.findOne({ _id: id });

describe(`${MANY} concurrent sales`, () => {
  test('are limited by the tightest limit of the contract', async () => {
    const terms = {
      caps: { day: 40 },
      budget: { day: 35 * PRICE },
      postCaps: { total: 90 },
      timezone: 'UTC',
    };
    const limits = limitsOf(terms, undefined, PRICE, NOW);
    const answers = await atOnce((i) =>
      reserve(database, asking(purchaseOn(`limit-${i}`, 'limits'), { limits })),
    );
    expect(taken(answers)).toBe(35);
    expect(answers.find((answer) => 'refusal' in answer)).toHaveProperty('refusal.reason', 'over_budget');
    const { sold, spent, posts, reserved = {} } = (await usageOf('limits')) ?? {};
    expect({ sold, spent, posts }).toEqual({
      sold: { [DAY]: 35 },
      spent: { [DAY]: 35 * PRICE },
      posts: { total: 35 },
    });
    expect(Object.keys(reserved)).toHaveLength(35);
  });

  test('are limited by the prepaid balance, to the cent', async () => {
    const purchase = (i: number): Purchase => purchaseOn(`paid-${i}`, 'paid');
    const buyer = { id: purchase(0).buyer, balance: 0, currency: 'USD' };
    await database.usage.insertOne({ _id: accountId(buyer.id), balance: 30 * PRICE + PRICE - 1 });
    const answers = await atOnce((i) => reserve(database, asking(purchase(i), { limits: [], buyer })));
    expect(taken(answers)).toBe(30);
    expect(await usageOf(accountId(buyer.id))).toMatchObject({ balance: PRICE - 1 });
  });

  test('of one person succeed once if a rule forbids a second', async () => {
    const duplicates = [
      { by: ['phone' as const], match: 'any' as const, withinDays: 1, per: 'contract' as const },
    ];
    const answers = await atOnce((i) =>
      reserve(
        database,
        asking(purchaseOn(`person-${i}`, 'persons', 'p'), { limits: [], duplicates, notesPerson: true }),
      ),
    );
    expect(taken(answers)).toBe(1);
    expect((await database.persons.findOne({ _id: 'phone:p' }))?.purchases).toHaveLength(1);
  });
});

describe(`${MANY} concurrent calls for one sale`, () => {
  test('reserve once, count the acceptance once, and keep the sale', async () => {
    const purchase = purchaseOn('kept', 'once', 'q');
    const reservation = asking(purchase, { countsOffers: true });
    const answers = await atOnce(() => reserve(database, reservation));
    expect(taken(answers)).toBe(MANY);
    expect(await usageOf('once')).toMatchObject({ sold: { [DAY]: 1 }, offers: { posted: 1 } });
    await atOnce(() => confirm(database, purchase));
    const settled = {
      sold: { [DAY]: 1 },
      posts: { [DAY]: 1 },
      offers: { posted: 1, accepted: 1 },
      reserved: {},
    };
    expect(await usageOf('once')).toMatchObject(settled);
    expect((await database.persons.findOne({ _id: 'phone:q' }))?.purchases).toEqual([purchase]);
  });

  test('release the reservation once, and a sent post stays counted', async () => {
    const [sent, unsent] = [purchaseOn('sent', 'back'), purchaseOn('unsent', 'back')];
    for (const purchase of [sent, unsent])
      expect(await reserve(database, asking(purchase))).toHaveProperty('counted');
    await atOnce(() => release(database, sent, { wasPosted: true }));
    await atOnce(() => release(database, unsent));
    expect(await usageOf('back')).toMatchObject({ sold: { [DAY]: 0 }, posts: { [DAY]: 1 }, reserved: {} });
    const more = await atOnce((i) => reserve(database, asking(purchaseOn(`more-${i}`, 'back'))));
    expect(taken(more)).toBe(4);
  });
});

test('Orphaned reservations of a dead process are settled: sold ones stay, refused ones are released, posts in progress are left', async () => {
  const contract = (status: string): string => `${campaign._id}/${status}`;
  const statuses = ['accepted', 'refused', 'posting'] as const;
  const claims: Record<string, Claim> = {};
  const lead = { _id: 'left behind', campaign: campaign._id, match: { phone: 'r' } };
  for (const status of statuses) {
    const claim: Claim = {
      postId: `sale-${status}`,
      status,
      round: 1,
      buyer: status,
      exclusive: false,
      price: PRICE,
      earns: PRICE,
      at: new Date(NOW),
    };
    claims[contract(status)] = claim;
    const purchase: Purchase = {
      sale: claim.postId,
      lead: lead._id,
      contract: contract(status),
      buyer: status,
      campaign: campaign._id,
      at: NOW,
      phone: 'r',
    };
    await reserve(database, asking(purchase));
  }
  const unsettled = statuses.map(contract);
  await storeLead(database, campaign, { ...lead, claims, unsettled, updatedAt: new Date(NOW) });
  expect(await settleOrphans(database)).toBe(1);
  const soldUnder = async (status: string) => (await usageOf(contract(status)))?.sold?.[DAY];
  expect(await Promise.all(statuses.map(soldUnder))).toEqual([1, 0, 1]);
  expect(Object.keys((await usageOf(contract('posting')))?.reserved ?? {})).toEqual(['sale-posting']);
  expect((await database.persons.findOne({ _id: 'phone:r' }))?.purchases.map(({ sale }) => sale)).toEqual([
    'sale-accepted',
  ]);
  expect(await database.leads.findOne({ _id: lead._id })).toMatchObject({ unsettled: [contract('posting')] });
});
