import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { applyMarket } from '../../../src/store/market/apply.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { markPending } from '../../../src/store/leads/leads.js';
import { findRound } from '../../../src/store/leads/rounds.js';
import { nextMarketChange, type AffectedLead } from '../../../src/store/market/affectedLeads.js';
import { leaseMarketChange } from '../../../src/store/marketChanges.js';
import { startBuyer, type FakeBuyer } from '../../support/buyer.js';
import { buyerDocument, contractDocument, storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const HOUR = 3_600_000;

describe('a market change', () => {
  let database: Database;
  let northwind: FakeBuyer;
  const later = (): Date => new Date(Date.now() + 2000);

  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await ensureIndexes(database);
    northwind = await startBuyer();
    const campaign = await storeMarket(database, {
      northwind: { server: northwind, contract: { states: ['CA'] } },
    });
    const inState = { status: 'pending' as const };
    await storeLead(database, campaign, { _id: 'texan', ...inState, state: 'TX' });
    await storeLead(database, campaign, { _id: 'floridian', ...inState, state: 'FL' });
    await storeLead(database, campaign, { _id: 'sold', status: 'sold', state: 'TX' });
    await storeLead(
      database,
      { ...campaign, _id: 'ACME1234/solar' },
      { _id: 'solar', ...inState, state: 'TX' },
    );
  });
  afterAll(async () => {
    await northwind.close();
    await database.client.close();
  });

  async function apply(contract: string, pending = '{ retryAfter: [1m, 5m, 30m] }'): Promise<void> {
    const file = readMarketFile(
      `campaigns: [{ seller: ACME1234, category: Auto Insurance, sale: { floor: 10.00 }, pending: ${pending}, contracts: [${contract}] }]`,
    );
    const applied = await applyMarket(database, file, { replace: true, confirmed: true });
    if (!('changes' in applied)) throw new Error(JSON.stringify(applied));
  }

  /** The leads that workers notify, in order. */
  async function notified(): Promise<AffectedLead[]> {
    const leads: AffectedLead[] = [];
    for (;;) {
      const batch = await nextMarketChange(database, later());
      if (!batch) return leads;
      leads.push(...batch.leads);
      await batch.done();
    }
  }
  const changes = () => database.marketChanges.find().toArray();

  test('wakes only waiting leads that the changed contract takes now', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    const contracts = ['ACME1234/auto-insurance/northwind'];
    expect(await changes()).toMatchObject([{ _id: 'ACME1234/auto-insurance', contracts }]);
    expect(await notified()).toEqual([{ leadId: 'texan', news: 'now' }]);
    expect(await changes()).toEqual([]);
  });

  test('wakes no lead if nothing changed, and none before every process knows the change', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    expect(await changes()).toEqual([]);
    await apply('{ buyer: northwind, states: [CA, TX, NY] }');
    expect(await leaseMarketChange(database, new Date())).toBeNull();
    expect(await leaseMarketChange(database, later())).not.toBeNull();
    await database.marketChanges.deleteMany();
  });

  test('is not lost while another change is processed', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    await apply('{ buyer: northwind, states: [CA, FL] }');
    const batch = await nextMarketChange(database, later());
    expect(batch?.leads).toEqual([{ leadId: 'floridian', news: 'now' }]);
    await apply('{ buyer: northwind }');
    await batch?.done();
    const both = [
      { leadId: 'floridian', news: 'now' },
      { leadId: 'texan', news: 'now' },
    ];
    expect(await notified()).toEqual(both);
    expect(await changes()).toEqual([]);
  });

  test('notifies only leads that can be sold before their next wake, with the time', async () => {
    await database.leads.updateOne({ _id: 'texan' }, { $set: { dueAt: new Date(Date.now() + 2 * HOUR) } });
    await database.leads.updateOne(
      { _id: 'floridian' },
      { $set: { dueAt: new Date(Date.now() + HOUR / 2) } },
    );
    await apply('{ buyer: northwind, delay: 5h }');
    expect(await changes()).toEqual([]);
    await apply('{ buyer: northwind, delay: 1h }');
    const texan = await database.leads.findOne({ _id: 'texan' });
    const change = { at: Number(texan?.receivedAt) + HOUR, what: 'delay' };
    expect(await notified()).toEqual([{ leadId: 'texan', news: { changes: [change] } }]);
  });

  test('notifies all leads of a campaign if its pending terms change', async () => {
    await apply('{ buyer: northwind, delay: 1h }', '{ retryAfter: [20m], expireAfter: 3d }');
    expect(await changes()).toMatchObject([{ contracts: [], pending: true }]);
    const news = { pending: { retryAfter: [HOUR / 3], expireAfter: 72 * HOUR }, changes: [] };
    expect(await notified()).toEqual([
      { leadId: 'floridian', news },
      { leadId: 'texan', news },
    ]);
  });

  test('is processed by one worker at a time, and by another if that one crashes', async () => {
    await apply('{ buyer: northwind, delay: 30m }');
    const batch = await nextMarketChange(database, later());
    expect(batch?.leads).toHaveLength(2);
    expect(await nextMarketChange(database, later())).toBeUndefined();
    const afterCrash = await nextMarketChange(database, new Date(Date.now() + 35_000));
    expect(afterCrash?.leads).toEqual(batch?.leads);
    await afterCrash?.done();
    expect(await changes()).toEqual([]);
  });

  test('goes on after the last lead that was notified, if a worker stops in between', async () => {
    await apply('{ buyer: northwind, delay: 20m }');
    const batch = await nextMarketChange(database, later());
    const [first, second] = batch?.leads ?? [];
    await batch?.done(first?.leadId);
    expect(second).toBeDefined();
    expect(await notified()).toEqual([second]);
    expect(await changes()).toEqual([]);
  });

  test('is stored once with the lead’s last round', async () => {
    const change = { at: 1, what: 'delay' as const };
    const heard = { round: 1, pending: { retryAfter: [5], expireAfter: 6 }, changes: [change] };
    const round = { number: 1, terms: { pending: { retryAfter: [], expireAfter: 9 } }, changes: [] };
    await database.leads.updateOne({ _id: 'texan' }, { $set: { 'rounds.1': round } });
    for (const until of [1, 2])
      await markPending(database, 'texan', new Date(until), { reason: 'no_buyer_eligible', foreseen: heard });
    expect(await findRound(database, 'texan', 1)).toMatchObject({
      terms: { pending: heard.pending },
      changes: [change],
    });
  });
});

describe('a market change that affects many leads', () => {
  const CAMPAIGN = 'ACME1234/auto-insurance';
  const COUNT = 120;
  const idOf = (i: number): string => `lead ${String(i).padStart(5, '0')}`;
  const ids = Array.from({ length: COUNT }, (_, i) => idOf(i));
  let database: Database;
  let now: number;

  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await ensureIndexes(database);
    const server = { url: 'http://127.0.0.1:9/', secret: 'whsec_c2VjcmV0' };
    await database.buyers.insertOne({
      ...buyerDocument('northwind', server),
      ping: { url: server.url, timeoutMs: 500 },
    });
    for (const category of ['Auto Insurance', 'Solar']) {
      const campaign = await storeMarket(database, {}, { category });
      await database.contracts.insertOne(contractDocument(campaign._id, 'northwind'));
      const lead = await storeLead(database, campaign, {
        _id: `old ${category}`,
        status: 'pending',
        state: 'TX',
      });
      await database.leads.deleteOne({ _id: lead._id });
      const many = category === 'Solar' ? ['solar'] : ids;
      // Not in order, as several processes store leads.
      const shuffled = many.toSorted((a, b) => (a.slice(-2) + a < b.slice(-2) + b ? -1 : 1));
      await database.leads.insertMany(shuffled.map((_id) => ({ ...lead, _id, person: undefined })));
    }
  });
  beforeEach(async () => {
    await database.marketChanges.deleteMany();
    now = Date.now() + 10_000;
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  /** A top-up or an apply adds this change. */
  async function change(campaign = CAMPAIGN): Promise<void> {
    const at = new Date((now += 3000) - 2500);
    await database.marketChanges.updateOne(
      { _id: campaign },
      { $addToSet: { contracts: `${campaign}/northwind` }, $set: { at } },
      { upsert: true },
    );
  }

  /** The next batches. */
  async function notify(batches = Infinity): Promise<string[]> {
    const leads: string[] = [];
    for (let i = 0; i < batches; i++) {
      const batch = await nextMarketChange(database, new Date((now += 1000)));
      if (!batch) return leads;
      leads.push(...batch.leads.map(({ leadId }) => leadId));
      await batch.done();
    }
    return leads;
  }

  test('notifies each once, oldest first', async () => {
    await change();
    expect(await notify()).toEqual(ids);
    expect(await database.marketChanges.countDocuments()).toBe(0);
  });

  test('continues after a crash with the leads that were not notified', async () => {
    await change();
    expect(await notify(5)).toEqual(ids.slice(0, 50));
    const lost = await nextMarketChange(database, new Date((now += 1000)));
    expect(lost?.leads.map(({ leadId }) => leadId)).toEqual(ids.slice(50, 60));
    expect(await notify()).toEqual([]);
    now += 30_000;
    expect(await notify()).toEqual(ids.slice(50));
  });

  test('continues if another change is added, and then repeats only the leads before that', async () => {
    await change();
    expect(await notify(2)).toEqual(ids.slice(0, 20));
    await change();
    expect(await notify(3)).toEqual(ids.slice(20, 50));
    await change();
    expect(await notify(8)).toEqual(ids.slice(50));
    expect(await notify(2)).toEqual(ids.slice(0, 20));
    expect(await notify()).toEqual(ids.slice(20, 50));
    expect(await database.marketChanges.countDocuments()).toBe(0);
  });

  test('notifies all again if another change is added during the repetition', async () => {
    await change();
    await notify(2);
    await change();
    await notify(COUNT / 10 - 1);
    expect(await notify(1)).toEqual(ids.slice(0, 10));
    await change();
    expect(await notify()).toEqual([...ids.slice(10), ...ids.slice(0, 10)]);
  });

  test('does not delay a change of another campaign', async () => {
    await change();
    await notify(3);
    await change('ACME1234/solar');
    expect(await notify(3)).toEqual(['solar', ...ids.slice(30, 50)]);
  });

  test('looks at thousands of unaffected leads in few steps', async () => {
    await database.contracts.updateOne({ _id: `${CAMPAIGN}/northwind` }, { $set: { states: ['CA'] } });
    const lead = await database.leads.findOne({ _id: idOf(0) });
    if (!lead) throw new Error('The lead is gone');
    const others = Array.from({ length: 1950 }, (_, i) => ({ ...lead, _id: idOf(COUNT + i) }));
    await database.leads.insertMany([...others, { ...lead, _id: idOf(9999), state: 'CA' }]);
    await change();
    expect(await notify(1)).toEqual([]);
    expect(await notify(1)).toEqual([idOf(9999)]);
    expect(await database.marketChanges.countDocuments()).toBe(0);
  });
});
