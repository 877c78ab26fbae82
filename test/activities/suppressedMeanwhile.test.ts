import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addSuppressions, withdrawSuppressed } from '../../src/store/persons/suppressions.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, type StepsWorld } from '../support/steps.js';

describe('a lead whose person is added to a suppression list while a buyer has claimed it', () => {
  const match = { phone: 'hash-of-the-phone' };
  let world: StepsWorld;

  beforeAll(async () => {
    world = await openStepsWorld({ ping: { body: { bid: 20 } } });
  });
  afterAll(() => world.close());

  const roundOf = (leadId: string, number: number) =>
    world.steps.startRound({ leadId, number, now: Date.now() });

  test('ends before its next round, and no buyer is asked again', async () => {
    const { database, campaign, northwind } = world;
    const { _id } = await storeLead(database, campaign, { status: 'pending', claimed: 1, match });
    await addSuppressions(database, campaign.seller, [match]);
    expect(await withdrawSuppressed(database, campaign.seller, [match])).toEqual({
      withdrawn: 0,
      withdrawing: 1,
    });
    await database.leads.updateOne({ _id }, { $set: { claimed: 0 } });

    expect(await roundOf(_id, 2)).toMatchObject({
      status: 'withdrawn',
      addresses: 0,
      lead: {
        story: expect.stringMatching(/^Withdrawn because its person is on a suppression list/) as string,
      },
    });
    expect(await database.leads.findOne({ _id })).toMatchObject({
      status: 'withdrawn',
      reason: 'suppressed',
      rounds: {},
    });
    expect(northwind.received).toEqual([]);
  });

  test('also ends if the lead is stored after the import has searched for the person', async () => {
    const { database, campaign } = world;
    const { _id } = await storeLead(database, campaign, { status: 'pending', match });
    expect(await roundOf(_id, 2)).toMatchObject({
      status: 'withdrawn',
      addresses: 0,
      lead: {
        story: expect.stringMatching(/^Withdrawn because its person is on a suppression list/) as string,
      },
    });
    expect(await database.leads.findOne({ _id })).toMatchObject({
      status: 'withdrawn',
      reason: 'suppressed',
    });
  });

  test('has its round if the person is on no list', async () => {
    const { database, campaign, northwind } = world;
    const { _id } = await storeLead(database, campaign, { status: 'pending', match: { phone: 'another' } });
    expect(await roundOf(_id, 2)).toMatchObject({ number: 2, entries: [{ buyer: 'northwind' }] });
    expect(northwind.of('ping')).toHaveLength(1);
  });
});
