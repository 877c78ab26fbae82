import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../../src/store/db.js';
import type { CampaignDocument } from '../../../src/store/documents.js';
import { findFinalSummary } from '../../../src/store/leads/leads.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { isolatedSettings } from '../../support/stack.js';

let database: Database;
let campaign: CampaignDocument;
beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  campaign = await storeMarket(database, {});
});
afterAll(() => database.client.close());

it.each([
  { name: 'an exclusive sale', stored: { status: 'sold', claimedAlone: true }, answered: 'sold' },
  {
    name: 'the first sale of a shared lead',
    stored: { status: 'sold', claimedAlone: false },
    answered: undefined,
  },
  { name: 'a lead on sale', stored: { status: 'pending' }, answered: 'pending' },
  { name: 'an expired lead', stored: { status: 'expired' }, answered: 'expired' },
] as const)(
  '$name is answered $answered when the time of its source is over',
  async ({ stored, answered }) => {
    const { _id } = await storeLead(database, campaign);
    await database.leads.updateOne({ _id }, { $set: stored });
    expect((await findFinalSummary(database, _id))?.status).toBe(answered);
  },
);
