import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createActivities, type Activities } from '../../activities/index.js';
import { openSender } from '../../src/buyers/send.js';
import { createLog } from '../../src/log.js';
import { agreeOnRoom, claimLead } from '../../src/store/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { loadTerms } from '../../src/store/market.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

/** A worker that slept, and another that has gone on without it, do the same step of one lead. */
describe('two tries of one offer to a prepaid buyer', () => {
  const contract = 'ACME1234/auto-insurance/northwind';
  const account = { _id: 'buyer:northwind' };
  let database: Database;
  let northwind: FakeBuyer;
  let close: () => Promise<void>;
  let sellLead: Activities['sellLead'];
  let leadId: string;

  beforeAll(async () => {
    const settings = await isolatedSettings();
    database = openDatabase(settings);
    const sender = openSender(settings);
    northwind = await startBuyer();
    close = async () => {
      await Promise.all([northwind.close(), sender.close()]);
      await database.client.close();
    };
    await storeMarket(database, { northwind: { server: northwind } });
    await database.buyers.updateOne({ _id: 'northwind' }, { $set: { balance: 10_000, currency: 'USD' } });
    sellLead = createActivities({
      database,
      terms: (id) => loadTerms(database, id),
      circuits: async () => new Map(),
      send: sender.send,
      log: createLog({ LOG_LEVEL: 'silent' }, 'test'),
    }).sellLead;
  });
  afterAll(() => close());

  beforeEach(async () => {
    northwind.received.length = 0;
    const campaign = await database.campaigns.findOne();
    if (campaign === null) throw new Error('There is no campaign');
    ({ _id: leadId } = await storeLead(database, campaign));
  });

  const hasPaidIn = (balance: number) =>
    database.usage.updateOne(account, { $set: { balance } }, { upsert: true });

  const sell = (round: number) =>
    sellLead({
      leadId,
      round,
      sale: { maxBuyers: 1, award: 'highestBid' },
      offer: {
        contract,
        buyer: 'northwind',
        exclusive: true,
        price: 4500,
        earns: 4500,
        bid: { price: 4500 },
      },
      now: Date.now(),
    });

  test('What there was no room for stays refused in its round, also when there is room by now', async () => {
    await hasPaidIn(1000);
    const refusal = { answer: 'no_balance', detail: '$10.00 left' };
    expect(await sell(1)).toEqual(refusal);
    await hasPaidIn(5000);
    expect(await sell(1)).toEqual(refusal);
    expect(northwind.received).toEqual([]);
    expect(await sell(2)).toMatchObject({ answer: 'accepted' });
    expect(await database.usage.findOne(account)).toMatchObject({ balance: 500, held: {} });
  });

  test('A try that finds room where another has found none gives it back, and posts nothing', async () => {
    await hasPaidIn(10_000);
    const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
    await claimLead(database, leadId, contract, { postId: 'post-1', ...terms }, 1);
    const word = { answer: 'no_balance', detail: '$10.00 left' } as const;
    expect(await agreeOnRoom(database, leadId, contract, 'post-1', word)).toEqual(word);
    expect(await agreeOnRoom(database, leadId, contract, 'post-1', 'taken')).toEqual(word);

    expect(await sell(1)).toEqual(word);
    expect(northwind.received).toEqual([]);
    expect(await database.usage.findOne(account)).toMatchObject({ balance: 10_000, held: {} });
    expect(await database.leads.findOne({ _id: leadId })).toMatchObject({ held: 0, claims: {} });
    expect(await agreeOnRoom(database, leadId, contract, 'post-1', 'taken')).toBeUndefined();
  });
});
