import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DuplicateRule } from '../../src/market/model/market.js';
import { MOST_PERSONS_A_DAY } from '../../src/store/persons/commonValues.js';
import { readLeadDetails } from '../../src/operations/leads/leadDetails.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

describe('a campaign that buys a person once', () => {
  let world: StepsWorld;
  const email = v7();
  beforeAll(async () => {
    world = await openStepsWorld({ ping: { body: { bid: 20 } } });
    const duplicates: DuplicateRule = {
      by: ['phone', 'email'],
      match: 'any',
      withinDays: 30,
      per: 'campaign',
    };
    await world.database.campaigns.updateOne({}, { $set: { duplicates } });
  });
  afterAll(() => world.close());

  const store = async (phone = v7()): Promise<string> =>
    (await storeLead(world.database, world.campaign, { match: { phone, email } }))._id;
  const round = (leadId: string) => world.steps.startRound({ leadId, number: 1, now: Date.now() });
  const sell = (leadId: string) => world.steps.sellLead(saleOf(leadId));

  test('still buys leads with an e-mail address that many persons have, and tells ops', async () => {
    const phone = v7();
    expect(await sell(await store(phone))).toMatchObject({ answer: 'accepted' });
    // In its round nothing was sold yet, and the reservation finds the sale.
    expect(await sell(await store())).toMatchObject({ answer: 'duplicate' });
    const before = await store();
    expect(await round(before)).toMatchObject({ entries: [], excluded: [{ reason: 'duplicate' }] });

    for (let i = 0; i < MOST_PERSONS_A_DAY; i++) await store();
    expect(await sell(await store())).toMatchObject({ answer: 'accepted' });
    const lead = await store();
    const stored = await round(lead);
    expect(stored).toMatchObject({ entries: [{ buyer: 'northwind' }], excluded: [], notCompared: ['email'] });
    const details = await readLeadDetails(world.database, lead, { personal: false });
    expect(details?.notes).toEqual({ email: 'leads of many persons have it; duplicate rules ignore it' });
    expect(await round(await store(phone))).toMatchObject({ excluded: [{ reason: 'duplicate' }] });
  });
});
