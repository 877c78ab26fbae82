import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bookSale } from '../../src/store/book.js';
import { claimLead, dropClaim, releaseClaim } from '../../src/store/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { Claim } from '../../src/store/leads.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';

describe('a lead that is shared by two', () => {
  let database: Database;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  test('is held by as many as it has places, however many would take it at once', async () => {
    const { _id } = await storeLead(database, await storeMarket(database, {}));
    const claimed = await Promise.all(
      Array.from({ length: 10 }, (_, i) => {
        const terms = { round: 1, buyer: `buyer-${i}`, exclusive: false, price: 4500, earns: 4500 };
        return claimLead(database, _id, `ACME1234/auto-insurance/buyer-${i}`, { postId: v7(), ...terms }, 2);
      }),
    );
    expect(claimed.filter((one) => 'claim' in one)).toHaveLength(2);
    expect((await database.leads.findOne({ _id }))?.held).toBe(2);
  });
});

describe('a contract that is offered the lead anew after its post was called off', () => {
  let database: Database;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await storeMarket(database, {});
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  async function offer(leadId: string, round: number) {
    const terms = { round, buyer: 'northwind', exclusive: true, price: 4500, earns: 4000 };
    const claimed = await claimLead(
      database,
      leadId,
      CONTRACT,
      { postId: `post-${round}`, ...terms },
      1,
      true,
    );
    if (!('claim' in claimed)) throw new Error('The lead is not on sale');
    return claimed;
  }

  async function offeredTwice() {
    const campaign = await database.campaigns.findOne();
    if (campaign === null) throw new Error('There is no campaign');
    const { _id } = await storeLead(database, campaign);
    const first = await offer(_id, 1);
    await releaseClaim(database, _id, CONTRACT, 'post-1', 'cancelled');
    await offer(_id, 2);
    return first;
  }

  const claimNow = async (leadId: string): Promise<Claim | undefined> =>
    (await database.leads.findOne({ _id: leadId }))?.claims[CONTRACT];

  test('holds it by the second post, whatever late answer the first one gets', async () => {
    const { lead, claim } = await offeredTwice();
    const room = { isReserved: false, isNoted: true, took: [] };
    expect(await bookSale(database, lead, CONTRACT, claim, undefined, room)).toBe('cancelled');
    expect(await claimNow(lead._id)).toMatchObject({ postId: 'post-2', status: 'posting' });
    expect(await database.sales.countDocuments()).toBe(0);
  });

  test('keeps its hold when a worker that slept finds no room for the first post', async () => {
    const { lead, claim } = await offeredTwice();
    const noRoom = { round: 1, contract: CONTRACT, answer: 'capped' } as const;
    await dropClaim(database, lead._id, claim.postId, noRoom);
    expect(await claimNow(lead._id)).toMatchObject({ postId: 'post-2', status: 'posting' });
  });
});
