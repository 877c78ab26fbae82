import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bookSale } from '../../../src/store/sales/book.js';
import { claimLead, dropClaim, endClaim } from '../../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument, Claim } from '../../../src/store/documents.js';
import { stateForWorkflow } from '../../../src/store/leads/leads.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';

describe('a shared lead with two places', () => {
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

  test('is claimed by at most as many buyers as it has places, under concurrent claims', async () => {
    const { _id } = await storeLead(database, campaign);
    const claimed = await Promise.all(
      Array.from({ length: 10 }, (_, i) => {
        const terms = { round: 1, buyer: `buyer-${i}`, exclusive: false, price: 4500, earns: 4500 };
        return claimLead(database, {
          lead: _id,
          contract: `ACME1234/auto-insurance/buyer-${i}`,
          postId: v7(),
          ...terms,
          maxBuyers: 2,
        });
      }),
    );
    expect(claimed.filter((one) => 'claim' in one)).toHaveLength(2);
    expect((await database.leads.findOne({ _id }))?.claimed).toBe(2);
  });

  const terms = { round: 1, buyer: 'northwind', exclusive: false, price: 4500, earns: 4500 };
  const back = [{ contract: 'c', buyer: 'fabrikam', reason: 'duplicate', at: new Date(), amount: 1000 }];

  test('cannot be claimed after its return', async () => {
    const lead = { status: 'returned', price: 0, buyerIds: [], returns: back } as const;
    const { _id } = await storeLead(database, campaign, { ...lead, buyerIds: [] });
    expect(
      await claimLead(database, { lead: _id, contract: CONTRACT, postId: v7(), ...terms, maxBuyers: 2 }),
    ).toEqual({
      closed: 'returned',
    });
  });

  test('becomes returned when its last post is refused after the other buyer returned it', async () => {
    const { _id } = await storeLead(database, campaign);
    const postId = v7();
    await claimLead(database, { lead: _id, contract: CONTRACT, postId, ...terms, maxBuyers: 2 });
    await database.leads.updateOne(
      { _id },
      { $set: { status: 'sold', price: 0, buyerIds: [], returns: back } },
    );
    expect(await stateForWorkflow(database, _id)).toBe('sold');
    await endClaim(database, _id, { contract: CONTRACT, postId, status: 'refused' });
    expect(await stateForWorkflow(database, _id)).toBe('returned');
  });
});

describe('a contract that is offered the lead again after its post was cancelled', () => {
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
    const claimed = await claimLead(database, {
      lead: leadId,
      contract: CONTRACT,
      postId: `post-${round}`,
      ...terms,
      maxBuyers: 1,
      again: true,
    });
    if (!('claim' in claimed)) throw new Error('The lead is not on sale');
    return claimed;
  }

  async function offeredTwice() {
    const campaign = await database.campaigns.findOne();
    if (campaign === null) throw new Error('There is no campaign');
    const { _id } = await storeLead(database, campaign);
    const first = await offer(_id, 1);
    await endClaim(database, _id, { contract: CONTRACT, postId: 'post-1', status: 'cancelled' });
    await offer(_id, 2);
    return first;
  }

  const claimNow = async (leadId: string): Promise<Claim | undefined> =>
    (await database.leads.findOne({ _id: leadId }))?.claims[CONTRACT];

  test('keeps the claim of its second post, regardless of late answers to the first', async () => {
    const { lead, claim } = await offeredTwice();
    expect(await bookSale(database, { lead, contract: CONTRACT, claim })).toBe('cancelled');
    expect(await claimNow(lead._id)).toMatchObject({ postId: 'post-2', status: 'posting' });
    expect(await database.sales.countDocuments()).toBe(0);
  });

  test('keeps its claim when a suspended worker gets no reservation for the first post', async () => {
    const { lead, claim } = await offeredTwice();
    const refusal = { round: 1, contract: CONTRACT, answer: 'capped' } as const;
    await dropClaim(database, lead._id, claim.postId, refusal);
    expect(await claimNow(lead._id)).toMatchObject({ postId: 'post-2', status: 'posting' });
  });
});
