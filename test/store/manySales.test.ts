import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bookSale, purchaseOf } from '../../src/store/sales/book.js';
import { confirm } from '../../src/store/sales/capacity.js';
import { claimLead, endClaim } from '../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import type { LeadDocument } from '../../src/store/documents.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

const BUYERS = 34;
const contractOf = (i: number): string => `ACME1234/auto-insurance/buyer-${i}`;

/** Each sale is written into the lead's document, so concurrent transactions would conflict repeatedly. */
describe('a shared lead that 34 buyers accept concurrently', () => {
  let database: Database;
  const commands: { name: string; failed: boolean }[] = [];

  beforeAll(async () => {
    const settings = await isolatedSettings();
    const url = new URL(settings.MONGODB_URL);
    url.searchParams.set('monitorCommands', 'true');
    database = openDatabase({ ...settings, MONGODB_URL: url.toString() });
    await storeMarket(database, {});
    database.client.on('commandSucceeded', ({ commandName }) =>
      commands.push({ name: commandName, failed: false }),
    );
    database.client.on('commandFailed', ({ commandName }) =>
      commands.push({ name: commandName, failed: true }),
    );
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  async function newLead(): Promise<LeadDocument> {
    const campaign = await database.campaigns.findOne();
    if (campaign === null) throw new Error('There is no campaign');
    return storeLead(database, campaign, { match: { phone: 'hash-of-the-phone' } });
  }

  const atOnce = <T>(work: (i: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: BUYERS }, (_, i) => work(i)));

  async function sell(leadId: string, i: number): Promise<string> {
    const claim = { postId: `${leadId}-${i}`, round: 1, buyer: `buyer-${i}`, exclusive: false };
    const claimed = await claimLead(database, {
      lead: leadId,
      contract: contractOf(i),
      ...claim,
      price: 100,
      earns: 90,
      maxBuyers: BUYERS,
    });
    if (!('claim' in claimed)) return 'not claimed';
    const { lead } = claimed;
    // One after the other, in the order of answers.
    await sleep(i % 7);
    const booked = await bookSale(database, { lead, contract: contractOf(i), claim: claimed.claim });
    await confirm(database, purchaseOf(lead, contractOf(i), claimed.claim), { countedIn: [], person: 'add' });
    return booked;
  }

  test('is booked for all of them in a few transactions without conflicts', async () => {
    const { _id } = await newLead();
    commands.length = 0;
    expect(await atOnce((i) => sell(_id, i))).toEqual(Array.from({ length: BUYERS }, () => 'accepted'));
    expect(commands.filter(({ failed }) => failed)).toEqual([]);
    expect(commands.filter(({ name }) => name === 'commitTransaction').length).toBeLessThan(10);

    const lead = await database.leads.findOne({ _id });
    expect(lead).toMatchObject({ status: 'sold', claimed: BUYERS, price: 90 * BUYERS, unsettled: [] });
    expect(new Set(lead?.buyerIds).size).toBe(BUYERS);
    expect(await database.sales.countDocuments({ lead: _id })).toBe(BUYERS);
    const person = await database.persons.findOne({ _id: 'phone:hash-of-the-phone' });
    expect(person?.purchases.filter((purchase) => purchase.lead === _id)).toHaveLength(BUYERS);
  });

  test('is booked only for posts that are still in progress', async () => {
    const { _id } = await newLead();
    const claims = await atOnce((i) =>
      claimLead(database, {
        lead: _id,
        contract: contractOf(i),
        postId: `${_id}-${i}`,
        round: 1,
        buyer: `buyer-${i}`,
        exclusive: false,
        price: 100,
        earns: 90,
        maxBuyers: BUYERS,
      }),
    );
    await endClaim(database, _id, { contract: contractOf(7), postId: `${_id}-7`, status: 'cancelled' });
    const booked = await atOnce(async (i) => {
      const claimed = claims[i];
      if (claimed === undefined || !('claim' in claimed)) return 'not claimed';
      return bookSale(database, { lead: claimed.lead, contract: contractOf(i), claim: claimed.claim });
    });
    expect(booked.filter((status) => status === 'accepted')).toHaveLength(BUYERS - 1);
    expect(booked[7]).toBe('cancelled');
    expect(await database.leads.findOne({ _id })).toMatchObject({ price: 90 * (BUYERS - 1) });
    expect(await database.sales.countDocuments({ lead: _id })).toBe(BUYERS - 1);
  });
});
