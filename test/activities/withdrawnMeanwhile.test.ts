import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { claimLead, endClaim } from '../../src/store/sales/claims.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { withdraw } from '../../src/store/leads/withdrawals.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

/** Temporal is unavailable or slow: the workflow does not know of the withdrawal and continues. */
describe('a lead withdrawn only in the database', () => {
  const contract = 'ACME1234/auto-insurance/northwind';
  const claim = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
  let world: StepsWorld;
  let leadId: string;

  beforeAll(async () => {
    world = await openStepsWorld({ ping: { body: { bid: 45 } }, post: { status: 503 } });
  });
  afterAll(() => world.close());

  beforeEach(async () => {
    world.northwind.received.length = 0;
    ({ _id: leadId } = await storeLead(world.database, world.campaign));
  });

  const stored = () => findStoredLead(world.database, leadId);
  const pending = async () => {
    const wait = { until: 'retry' as const, at: Date.now() + 60_000 };
    return (await world.steps.markPending({ leadId, wait, reason: 'no_bid' })).state;
  };

  test('is posted to no buyer, and its round ends', async () => {
    const round = await world.steps.startRound({ leadId, number: 1, now: Date.now() });
    if (!('entries' in round)) throw new Error('No round was run');
    const port = await world.steps.portOf(leadId);
    expect(await withdraw(world.database, leadId)).toBe('withdrawn');
    expect(await world.steps.sellLead(saleOf(leadId))).toEqual({ answer: 'closed', status: 'withdrawn' });
    expect(await port.ask(round, [])).toBe('closed');
    expect(await port.askAgain(round, contract)).toBe('closed');
    expect(await pending()).toBe('withdrawn');
    expect(world.northwind.of('post')).toEqual([]);
    expect(await stored()).toMatchObject({ status: 'withdrawn', claimed: 0 });
  });

  test('is not retried with a buyer that gave no clear answer', async () => {
    expect(await world.steps.sellLead(saleOf(leadId))).toMatchObject({ answer: 'uncertain' });
    expect(await withdraw(world.database, leadId)).toBe('withdrawing');
    expect(await world.steps.sellLead(saleOf(leadId))).toMatchObject({ answer: 'uncertain', final: true });
    expect(world.northwind.of('post')).toHaveLength(1);
    const { postId = '' } = (await stored())?.claims[contract] ?? {};
    expect(await world.steps.cancelPost({ leadId, contract, postId })).toBe('cancelled');
    expect(await world.steps.endLead({ leadId, status: 'withdrawn' })).toMatchObject({ status: 'withdrawn' });
  });

  test('neither waits nor expires nor has a round while a post is in flight, and ends after it', async () => {
    await claimLead(world.database, { lead: leadId, contract, ...claim, postId: 'p', maxBuyers: 1 });
    expect(await withdraw(world.database, leadId)).toBe('withdrawing');
    expect(await pending()).toBe('withdrawing');
    expect(await world.steps.endLead({ leadId, status: 'expired' })).toEqual({ status: 'posting' });
    expect(await world.steps.startRound({ leadId, number: 1, now: Date.now() })).toEqual({
      status: 'withdrawing',
      addresses: 0,
    });
    await endClaim(world.database, leadId, { contract, postId: 'p', status: 'refused' });
    expect(await world.steps.endLead({ leadId, status: 'expired' })).toMatchObject({ status: 'withdrawn' });
    expect(await stored()).not.toHaveProperty('dueAt');
    expect(world.northwind.received).toEqual([]);
  });

  test('keeps the first withdrawal, however often it is withdrawn', async () => {
    await withdraw(world.database, leadId, { reason: 'suppressed' });
    const first = await stored();
    expect(await withdraw(world.database, leadId)).toBe('withdrawn');
    expect(await stored()).toEqual(first);
  });
});
