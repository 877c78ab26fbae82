import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities, type Activities } from '../../activities/index.js';
import { openSender } from '../../src/buyers/send.js';
import { createLog } from '../../src/log.js';
import { openDatabase, type CampaignDocument, type Database } from '../../src/store/db.js';
import { loadTerms } from '../../src/store/market.js';
import { addSuppressions, withdrawSuppressed } from '../../src/store/suppressions.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

/** The import of a list passes over a lead that is with a buyer: it may be sold already. */
describe('a lead whose person was put on a suppression list while a buyer held it', () => {
  const match = { phone: 'hash-of-the-phone' };
  let database: Database;
  let campaign: CampaignDocument;
  let northwind: FakeBuyer;
  let close: () => Promise<void>;
  let runRound: Activities['runRound'];

  beforeAll(async () => {
    const settings = await isolatedSettings();
    database = openDatabase(settings);
    const sender = openSender(settings);
    northwind = await startBuyer({ ping: { body: { bid: 20 } } });
    close = async () => {
      await Promise.all([northwind.close(), sender.close()]);
      await database.client.close();
    };
    campaign = await storeMarket(database, { northwind: { server: northwind } });
    runRound = createActivities({
      database,
      terms: (id) => loadTerms(database, id),
      circuits: async () => new Map(),
      send: sender.send,
      log: createLog({ LOG_LEVEL: 'silent' }, 'test'),
    }).runRound;
  });
  afterAll(() => close());

  const roundOf = (leadId: string, number: number) => runRound({ leadId, number, now: Date.now() });

  test('is taken off sale before its next round, and no buyer is asked again', async () => {
    const { _id } = await storeLead(database, campaign, { status: 'pending', held: 1, match });
    await addSuppressions(database, campaign.seller, [match]);
    expect(await withdrawSuppressed(database, campaign.seller, [match])).toBe(0);
    await database.leads.updateOne({ _id }, { $set: { held: 0 } });

    expect(await roundOf(_id, 2)).toEqual({ ended: 'withdrawn', addresses: 0 });
    expect(await database.leads.findOne({ _id })).toMatchObject({
      status: 'withdrawn',
      reason: 'suppressed',
      rounds: {},
    });
    expect(northwind.received).toEqual([]);
  });

  test('and one of a person on no list has its round', async () => {
    const { _id } = await storeLead(database, campaign, { status: 'pending', match: { phone: 'another' } });
    expect(await roundOf(_id, 2)).toMatchObject({ number: 2, entries: [{ buyer: 'northwind' }] });
    expect(northwind.of('ping')).toHaveLength(1);
  });
});
