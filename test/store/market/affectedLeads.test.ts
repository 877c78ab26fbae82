import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { applyMarket } from '../../../src/store/market/apply.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { markPending } from '../../../src/store/leads/leads.js';
import { findRound } from '../../../src/store/leads/rounds.js';
import { affectedLeads } from '../../../src/store/market/affectedLeads.js';
import {
  removeMarketChange,
  extendMarketChangeLease,
  leaseMarketChange,
} from '../../../src/store/marketChanges.js';
import { startBuyer, type FakeBuyer } from '../../support/buyer.js';
import { storeLead, storeMarket } from '../../support/market.js';
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

  test('wakes only waiting leads that the changed contract takes now', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    const wake = await leaseMarketChange(database, later());
    expect(wake).toMatchObject({
      _id: 'ACME1234/auto-insurance',
      contracts: ['ACME1234/auto-insurance/northwind'],
    });
    if (!wake) return;
    expect(await affectedLeads(database, wake, Date.now())).toEqual([{ leadId: 'texan', news: 'now' }]);
    expect(await leaseMarketChange(database, later())).toBeNull();
    await removeMarketChange(database, wake);
    expect(await database.marketChanges.countDocuments()).toBe(0);
  });

  test('wakes no lead if nothing changed, and none before every process knows the change', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    expect(await database.marketChanges.countDocuments()).toBe(0);
    await apply('{ buyer: northwind, states: [CA, TX, NY] }');
    expect(await leaseMarketChange(database, new Date())).toBeNull();
    expect(await leaseMarketChange(database, later())).not.toBeNull();
  });

  test('is not lost while another change is processed', async () => {
    const wake = await leaseMarketChange(database, new Date(Date.now() + 120_000));
    await apply('{ buyer: northwind }');
    if (wake) await removeMarketChange(database, wake);
    const next = await leaseMarketChange(database, later());
    if (!next) throw new Error('The change is lost');
    expect(await affectedLeads(database, next, Date.now())).toEqual([
      { leadId: 'texan', news: 'now' },
      { leadId: 'floridian', news: 'now' },
    ]);
    await removeMarketChange(database, next);
  });

  test('notifies only leads that can be sold before their next wake, with the time', async () => {
    await database.leads.updateOne({ _id: 'texan' }, { $set: { dueAt: new Date(Date.now() + 2 * HOUR) } });
    await database.leads.updateOne(
      { _id: 'floridian' },
      { $set: { dueAt: new Date(Date.now() + HOUR / 2) } },
    );
    await apply('{ buyer: northwind, delay: 5h }');
    expect(await database.marketChanges.countDocuments()).toBe(0);
    await apply('{ buyer: northwind, delay: 1h }');
    const wake = await leaseMarketChange(database, later());
    if (!wake) throw new Error('The change is lost');
    const texan = await database.leads.findOne({ _id: 'texan' });
    const change = { at: Number(texan?.receivedAt) + HOUR, what: 'delay' };
    expect(await affectedLeads(database, wake, Date.now())).toEqual([
      { leadId: 'texan', news: { changes: [change] } },
    ]);
    await removeMarketChange(database, wake);
  });

  test('notifies all leads of a campaign if its pending terms change', async () => {
    await apply('{ buyer: northwind, delay: 1h }', '{ retryAfter: [20m], expireAfter: 3d }');
    const wake = await leaseMarketChange(database, later());
    if (!wake) throw new Error('The change is lost');
    expect(wake).toMatchObject({ contracts: [], pending: true });
    const news = { pending: { retryAfter: [HOUR / 3], expireAfter: 72 * HOUR }, changes: [] };
    expect(await affectedLeads(database, wake, Date.now())).toEqual([
      { leadId: 'texan', news },
      { leadId: 'floridian', news },
    ]);
  });

  test('is processed by one worker at a time, however long it takes', async () => {
    const inAMinute = new Date(Date.now() + 65_000);
    await apply('{ buyer: northwind, delay: 30m }');
    const wake = await leaseMarketChange(database, later());
    if (!wake) throw new Error('The change is lost');
    const inTwo = new Date(inAMinute.getTime() + 61_000);
    await extendMarketChangeLease(database, wake, new Date(Date.now() + 10_000));
    expect(await leaseMarketChange(database, inAMinute)).toBeNull();
    expect(await leaseMarketChange(database, inTwo)).not.toBeNull();
  });

  test('stays leased while a worker searches a large campaign', async () => {
    const campaign = 'ACME1234/auto-insurance';
    const lead = await database.leads.findOne({ _id: 'texan' });
    if (!lead) throw new Error('The lead is gone');
    delete lead.person;
    const many = Array.from({ length: 100 }, (_, i) => ({ ...lead, _id: `many ${i}` }));
    await database.leads.insertMany(many);
    let kept = 0;
    const wake = { _id: campaign, contracts: [], pending: true as const, at: new Date() };
    const leads = await affectedLeads(database, wake, Date.now(), () => {
      kept += 1;
      return Promise.resolve();
    });
    expect([leads.length, kept]).toEqual([102, 1]);
    await database.leads.deleteMany({ _id: { $in: many.map(({ _id }) => _id) } });
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
