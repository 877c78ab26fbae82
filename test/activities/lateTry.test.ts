import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { agreeOnReservation, claimLead } from '../../src/store/sales/claims.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

/** A suspended worker and the one that took over run the same activity of a lead. */
describe('two attempts of one offer to a prepaid buyer', () => {
  const contract = 'ACME1234/auto-insurance/northwind';
  const account = { _id: 'buyer:northwind' };
  let world: StepsWorld;
  let leadId: string;

  beforeAll(async () => {
    world = await openStepsWorld();
    const { buyers } = world.database;
    await buyers.updateOne({ _id: 'northwind' }, { $set: { balance: 10_000, currency: 'USD' } });
  });
  afterAll(() => world.close());

  beforeEach(async () => {
    world.northwind.received.length = 0;
    ({ _id: leadId } = await storeLead(world.database, world.campaign));
  });

  const hasPaidIn = (balance: number) =>
    world.database.usage.updateOne(account, { $set: { balance } }, { upsert: true });

  const sell = (round: number) => world.steps.sellLead(saleOf(leadId, round));

  test('An offer rejected by a limit stays rejected in its round, even after the limit is freed', async () => {
    await hasPaidIn(1000);
    const refusal = {
      answer: 'no_balance',
      detail: '$10.00 left, which is less than the lead costs',
      limit: { counter: 'balance', most: 1000 },
    };
    expect(await sell(1)).toEqual(refusal);
    await hasPaidIn(5000);
    expect(await sell(1)).toEqual(refusal);
    expect(world.northwind.received).toEqual([]);
    expect(await sell(2)).toMatchObject({ answer: 'accepted' });
    expect(await world.database.usage.findOne(account)).toMatchObject({ balance: 500, reserved: {} });
  });

  test('An attempt that gets a reservation after another was rejected releases it and posts nothing', async () => {
    await hasPaidIn(10_000);
    const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
    await claimLead(world.database, { lead: leadId, contract, postId: 'post-1', ...terms, maxBuyers: 1 });
    const post = { contract, postId: 'post-1' };
    const word = { answer: 'no_balance', detail: '$10.00 left' } as const;
    expect(await agreeOnReservation(world.database, leadId, post, word)).toEqual(word);
    expect(await agreeOnReservation(world.database, leadId, post, 'made')).toEqual(word);

    expect(await sell(1)).toEqual(word);
    expect(world.northwind.received).toEqual([]);
    expect(await world.database.usage.findOne(account)).toMatchObject({ balance: 10_000, reserved: {} });
    expect(await world.database.leads.findOne({ _id: leadId })).toMatchObject({ claimed: 0, claims: {} });
    expect(await agreeOnReservation(world.database, leadId, post, 'made')).toBeUndefined();
  });
});
