import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bookSale } from '../../src/store/sales/book.js';
import { claimLead } from '../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { postponeSweep } from '../../src/store/leads/leads.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { openTcpProxy, throughProxy, type TcpProxy } from '../support/tcpProxy.js';

/** A worker was killed between the writes of a booking and their commit, which the database keeps open for a minute. */
describe('a booking is interrupted before its commit', () => {
  let direct: Database;
  let database: Database;
  let proxy: TcpProxy;

  beforeAll(async () => {
    const settings = await isolatedSettings();
    proxy = await openTcpProxy(settings.MONGODB_URL);
    direct = openDatabase(settings);
    database = openDatabase({ ...settings, MONGODB_URL: throughProxy(settings.MONGODB_URL, proxy) });
    const campaign = await storeMarket(direct, {});
    for (const _id of ['cut-off', 'another']) await storeLead(direct, campaign, { _id, dueAt: new Date(0) });
  });
  afterAll(async () => {
    await Promise.all([direct.client.close(), database.client.close()]);
    await proxy.close();
  });

  /** Leaves uncommitted writes to a lead; returns a function that aborts them, as the database does in the end. */
  async function leaveUncommitted(_id: string): Promise<() => Promise<void>> {
    const session = direct.client.startSession();
    onTestFinished(() => session.endSession());
    session.startTransaction();
    await direct.leads.updateOne({ _id }, { $set: { status: 'sold' } }, { session });
    return () => session.abortTransaction();
  }

  it('the sweep skips its lead without delaying other leads', async () => {
    const end = await leaveUncommitted('cut-off');
    const later = new Date();
    const swept = postponeSweep(database, ['cut-off', 'another'], later);
    await expect
      .poll(async () => (await direct.leads.findOne({ _id: 'another' }))?.dueAt, { timeout: 5000 })
      .toEqual(later);
    await end();
    await swept;
    expect((await direct.leads.findOne({ _id: 'cut-off' }))?.dueAt).toEqual(later);
  });

  it('the retried booking waits, sends no further post, and is booked once', async () => {
    const contract = 'ACME1234/auto-insurance/northwind';
    const post = { postId: 'post', round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
    const claimed = await claimLead(direct, { lead: 'cut-off', contract, ...post, maxBuyers: 1 });
    if (!('claim' in claimed)) throw new Error('The lead is not on sale');
    const end = await leaveUncommitted('cut-off');
    const booked = bookSale(database, { lead: claimed.lead, contract, claim: claimed.claim });
    await Promise.race([booked, triedTwice()]);
    await end();
    expect(await booked).toBe('accepted');
    expect(await direct.sales.countDocuments()).toBe(1);
    expect(await direct.ledger.countDocuments()).toBe(2);
  });

  async function triedTwice(): Promise<void> {
    await proxy.hears('bulkWrite', 'cut-off');
    await proxy.hears('bulkWrite', 'cut-off');
  }
});
