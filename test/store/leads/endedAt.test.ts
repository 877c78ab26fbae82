import { v7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ReturnPolicy } from '../../../src/market/model/market.js';
import { bookReturn } from '../../../src/store/books/returns.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument, StoredLead } from '../../../src/store/documents.js';
import { expireLead, findStoredLead } from '../../../src/store/leads/leads.js';
import { endWithdrawn, withdraw } from '../../../src/store/leads/withdrawals.js';
import { bookSale } from '../../../src/store/sales/book.js';
import { claimLead, endClaim } from '../../../src/store/sales/claims.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

describe('The end of a lead is', () => {
  const CONTRACT = 'ACME1234/auto-insurance/northwind';
  const POLICY: ReturnPolicy = { within: 86_400_000, refund: 100, freesCap: false, resell: false };
  let database: Database;
  let campaign: CampaignDocument;
  let leadId: string;
  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    campaign = await storeMarket(database, {});
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });
  beforeEach(async () => {
    ({ _id: leadId } = await storeLead(database, campaign));
  });

  const stored = async (): Promise<StoredLead> => {
    const lead = await findStoredLead(database, leadId);
    if (lead === null) throw new Error(`There is no lead ${leadId}`);
    return lead;
  };
  const claim = async () => {
    const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
    const post = { lead: leadId, contract: CONTRACT, postId: v7(), ...terms, maxBuyers: 1 };
    const claimed = await claimLead(database, post);
    if (!('claim' in claimed)) throw new Error('The lead is not on sale');
    return claimed;
  };
  const sell = async () => {
    const { lead, claim: made } = await claim();
    await bookSale(database, { lead, contract: CONTRACT, claim: made });
    const sale = await database.sales.findOne({ _id: made.postId });
    if (sale === null) throw new Error('The sale was not booked');
    return sale;
  };

  test('the time of its sale', async () => {
    const { at } = await sell();
    expect((await stored()).endedAt).toEqual(at);
  });

  test('the time of its expiry or withdrawal', async () => {
    await expireLead(database, leadId);
    const expired = await stored();
    expect(expired.endedAt).toEqual(expired.updatedAt);
    ({ _id: leadId } = await storeLead(database, campaign));
    await withdraw(database, leadId);
    const withdrawn = await stored();
    expect(withdrawn.endedAt).toEqual(withdrawn.withdrawal?.at);
  });

  test('the answer to its post, if it was withdrawn before', async () => {
    const { claim: made } = await claim();
    expect(await withdraw(database, leadId)).toBe('withdrawing');
    expect(await stored()).not.toHaveProperty('endedAt');
    await endClaim(database, leadId, { contract: CONTRACT, postId: made.postId, status: 'refused' });
    expect(await endWithdrawn(database, leadId)).toBe('withdrawn');
    const { endedAt, updatedAt } = await stored();
    expect(endedAt).toEqual(updatedAt);
  });

  test('the time of its return, unless it goes on sale again', async () => {
    const sale = await sell();
    const at = new Date(sale.at.getTime() + 1000);
    await bookReturn(database, sale, { policy: POLICY, reason: 'duplicate', at });
    expect(await stored()).toMatchObject({ status: 'returned', endedAt: at });

    ({ _id: leadId } = await storeLead(database, campaign));
    const again = { policy: { ...POLICY, resell: true }, reason: 'duplicate', at };
    await bookReturn(database, await sell(), again);
    const lead = await stored();
    expect(lead.status).toBe('pending');
    expect(lead).not.toHaveProperty('endedAt');
  });
});
