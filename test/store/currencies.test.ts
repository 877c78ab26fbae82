import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readMarketFile } from '../../src/market/file/changeMarket.js';
import { applyMarket } from '../../src/store/market/apply.js';
import { bookSale } from '../../src/store/sales/book.js';
import { reserve } from '../../src/store/sales/capacity.js';
import { checkBooks } from '../../src/store/books/checkBooks.js';
import { claimLead } from '../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { withdraw } from '../../src/store/leads/withdrawals.js';
import { bookReturn } from '../../src/store/books/returns.js';
import { bookTopUp, OtherCurrency } from '../../src/store/books/topUp.js';
import { storeLead } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

const FILE = readFileSync(new URL('../market/file/market.yaml', import.meta.url), 'utf8');
const AUTO = 'ACME1234/auto-insurance';
const NORTHWIND = 'buyer:northwind';

const inYen = (text: string): string =>
  text.replace('currency: USD', 'currency: JPY').replace('12.50', '1250');
const prepaid = (balance: string, currency = 'USD'): string =>
  FILE.replace(
    'name: Northwind Mutual',
    `name: Northwind Mutual\n    balance: ${balance}\n    currency: ${currency}`,
  );

let database: Database;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
});
beforeEach(async () => {
  for (const { name } of await database.db.listCollections().toArray())
    if (name !== 'secrets') await database.db.collection(name).deleteMany({});
});
afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

/** The faults of applying exactly this market; empty if it was applied. */
async function refusedBy(text: string): Promise<string[]> {
  const applied = await applyMarket(database, readMarketFile(text), { replace: true, confirmed: true });
  return 'faults' in applied ? applied.faults.map(({ path, message }) => `${path}: ${message}`) : [];
}

async function campaignNow(): Promise<CampaignDocument> {
  const campaign = await database.campaigns.findOne({ _id: AUTO });
  if (campaign === null) throw new Error('The campaign is gone');
  return campaign;
}

const postId = 'post-1';

/** A lead sold to northwind for 45.00. */
async function sell(): Promise<void> {
  const contract = `${AUTO}/northwind`;
  const { _id } = await storeLead(database, await campaignNow());
  const terms = { postId, round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
  const claimed = await claimLead(database, { lead: _id, contract, ...terms, currency: 'USD', maxBuyers: 1 });
  if (!('claim' in claimed)) throw new Error('The lead is not on sale.');
  await bookSale(database, { lead: claimed.lead, contract, claim: claimed.claim });
}

describe('The currency of a campaign', () => {
  beforeEach(async () => {
    expect(await refusedBy(FILE)).toEqual([]);
  });

  test('can be changed while it has no leads or amounts', async () => {
    expect(await refusedBy(inYen(FILE))).toEqual([]);
    expect(await campaignNow()).toMatchObject({ currency: 'JPY', sale: { floor: 10 } });
  });

  test.each(['received', 'pending'] as const)(
    'stays while a lead is %s, and can be changed after its end',
    async (status) => {
      const { _id } = await storeLead(database, await campaignNow(), { status });
      expect(await refusedBy(inYen(FILE))).toEqual([
        "campaigns[0].currency: can't change from USD to JPY: the campaign has open leads; withdraw them or wait until they have ended, or sell in the new currency under another category",
      ]);
      expect(await campaignNow()).toMatchObject({ currency: 'USD', sale: { floor: 1000 } });
      await withdraw(database, _id);
      expect(await refusedBy(inYen(FILE))).toEqual([]);
    },
  );

  test('cannot be changed after a booked sale, even if the file omits it and the default differs', async () => {
    await sell();
    const sales =
      'the campaign has sales; sell in the new currency under another category, and set this campaign to active: false';
    expect(await refusedBy(inYen(FILE))).toEqual([
      `campaigns[0].currency: can't change from USD to JPY: ${sales}`,
    ]);
    await database.campaigns.updateOne({ _id: AUTO }, { $set: { currency: 'EUR' } });
    expect(await refusedBy(FILE.replace('    currency: USD\n', ''))).toEqual([
      `campaigns[0].currency: can't change from EUR to USD: ${sales}`,
    ]);
  });

  test('cannot be changed while a reservation is unsettled', async () => {
    const reserved = { sale: { lead: 'lead', contract: `${AUTO}/fabrikam`, at: new Date(), took: [] } };
    await database.usage.insertOne({ _id: `${AUTO}/fabrikam`, reserved });
    expect(await refusedBy(inYen(FILE))).toEqual([expect.stringContaining('posts are under way')]);
  });
});

describe('The currency of a balance', () => {
  const payments = 'the buyer has paid in; give the new balance to a buyer with another id';

  test('can be changed before the first payment', async () => {
    expect(await refusedBy(prepaid('0'))).toEqual([]);
    expect(await refusedBy(prepaid('5000', 'JPY'))).toEqual([]);
    expect(await database.usage.findOne({ _id: NORTHWIND })).toMatchObject({
      balance: 5000,
      currency: 'JPY',
    });
    expect((await checkBooks(database)).differences).toEqual([]);
    const late = bookTopUp(database, { buyer: 'northwind', amount: 5000, currency: 'USD', ref: 'late' });
    await expect(late).rejects.toThrow(OtherCurrency);
    expect(await database.ledger.countDocuments({ currency: 'USD' })).toBe(0);
  });

  test('cannot be changed after a payment, even if it was reversed or the buyer is billed on account since', async () => {
    const refusal = [`buyers[0].currency: can't change from USD to JPY: ${payments}`];
    await refusedBy(prepaid('50.00'));
    expect(await refusedBy(prepaid('5000', 'JPY'))).toEqual(refusal);
    expect(await database.usage.findOne({ _id: NORTHWIND })).toMatchObject({
      balance: 5000,
      currency: 'USD',
    });
    await refusedBy(prepaid('0'));
    expect(await refusedBy(prepaid('5000', 'JPY'))).toEqual(refusal);
    await refusedBy(FILE);
    expect(await refusedBy(prepaid('5000', 'JPY'))).toEqual(refusal);
  });

  test('is changed or gets a concurrent payment, never both', async () => {
    const outcomes = new Set<string>();
    for (let i = 0; i < 12; i++) {
      for (const collection of [database.usage, database.ledger, database.buyers])
        await collection.deleteMany({});
      await refusedBy(prepaid('0'));
      const pay = () =>
        bookTopUp(database, { buyer: 'northwind', amount: 5000, currency: 'USD', ref: `wire ${i}` });
      const [refused, paid] = await Promise.all([
        refusedBy(prepaid('0', 'JPY')),
        pay().then(
          () => true,
          (error: unknown) => {
            if (!(error instanceof OtherCurrency)) throw error;
            return false;
          },
        ),
      ]);
      expect(refused.length > 0).toBe(paid);
      outcomes.add(paid ? 'paid' : 'changed');
      const account = await database.usage.findOne({ _id: NORTHWIND });
      expect(account).toMatchObject(paid ? { balance: 5000, currency: 'USD' } : { currency: 'JPY' });
      expect(account?.balance ?? 0).toBe(paid ? 5000 : 0);
      expect((await checkBooks(database)).differences).toEqual([]);
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });

  test('is independent of sales and returns in another currency', async () => {
    await refusedBy(FILE);
    await sell();
    await refusedBy(prepaid('5000', 'JPY'));
    const sale = await database.sales.findOne({ _id: postId });
    if (sale === null) throw new Error('Nothing was sold');
    const policy = { within: 86_400_000, refund: 100, freesCap: true, resell: false };
    await bookReturn(database, sale, { policy, reason: 'duplicate', at: new Date() });
    expect(await database.usage.findOne({ _id: NORTHWIND })).toMatchObject({
      balance: 5000,
      currency: 'JPY',
    });
    expect((await checkBooks(database)).differences).toEqual([]);

    const purchase = {
      sale: 'post-2',
      lead: 'lead-2',
      contract: `${AUTO}/northwind`,
      buyer: 'northwind',
      campaign: AUTO,
    };
    const asked = {
      purchase: { ...purchase, at: Date.now() },
      price: 4500,
      currency: 'USD',
      limits: [],
      match: {},
    };
    const rest = { duplicates: [], notesPerson: false, countsOffers: false };
    // The cached buyer is older than its account.
    for (const currency of ['JPY', 'USD']) {
      const buyer = { id: 'northwind', balance: 5000, currency };
      expect(await reserve(database, { ...asked, ...rest, buyer })).toEqual({
        refusal: { reason: 'no_balance', detail: 'the balance is in JPY' },
      });
    }
  });
});

describe('A lead whose campaign has changed its currency', () => {
  let world: StepsWorld;
  beforeAll(async () => {
    world = await openStepsWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    world.northwind.received.length = 0;
  });

  const changeTo = (currency: string) =>
    world.database.campaigns.updateOne({ _id: world.campaign._id }, { $set: { currency } });

  test('is not offered in its next round', async () => {
    await changeTo('USD');
    const { _id: leadId } = await storeLead(world.database, world.campaign);
    await changeTo('JPY');
    expect(await world.steps.startRound({ leadId, number: 1, now: Date.now() })).toMatchObject({
      excluded: [{ reason: 'closed', detail: 'the campaign changed from USD to JPY', buyers: 'northwind' }],
      entries: [],
    });
    expect(world.northwind.received).toEqual([]);
  });

  test('is not posted on an earlier bid', async () => {
    await changeTo('USD');
    const { _id: leadId } = await storeLead(world.database, world.campaign);
    await changeTo('JPY');
    const closed = { answer: 'closed', detail: 'the campaign changed from USD to JPY' };
    expect(await world.steps.sellLead(saleOf(leadId))).toEqual(closed);
    await changeTo('USD');
    expect(await world.steps.sellLead(saleOf(leadId))).toMatchObject(closed);
    expect(world.northwind.received).toEqual([]);
  });

  test('is not claimed on a bid in another currency than its own', async () => {
    await changeTo('JPY');
    const { _id: leadId } = await storeLead(world.database, world.campaign);
    const sale = { ...saleOf(leadId), campaign: { id: world.campaign._id, currency: 'JPY' } };
    expect(await world.steps.sellLead(sale)).toEqual({ answer: 'closed', status: 'received' });
    expect(world.northwind.received).toEqual([]);
    expect(await world.database.sales.countDocuments()).toBe(0);
  });

  test('is booked in the currency of its bid, even if the campaign’s currency changes before the answer', async () => {
    await changeTo('USD');
    const { _id: leadId } = await storeLead(world.database, world.campaign);
    world.northwind.onRequest = async () => void (await changeTo('JPY'));
    expect(await world.steps.sellLead(saleOf(leadId))).toMatchObject({ answer: 'accepted' });
    const [post] = world.northwind.received;
    expect(post?.body).toMatchObject({ price: 45, currency: 'USD' });
    expect(await world.database.sales.findOne({ lead: leadId })).toMatchObject({
      price: 4500,
      currency: 'USD',
    });
  });
});
