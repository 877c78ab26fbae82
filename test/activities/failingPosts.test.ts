import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BREAKER, circuitId } from '../../src/market/limits/circuitBreaker.js';
import { claimLead } from '../../src/store/sales/claims.js';
import { readCircuits } from '../../src/store/fairness/circuits.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, saleOf, type StepsWorld } from '../support/steps.js';

describe('a buyer whose posts fail', () => {
  const contract = 'ACME1234/auto-insurance/northwind';
  const posts = circuitId('northwind', 'posts');
  const passedOver = {
    answer: 'circuit_open',
    detail: 'after failures in a row; another lead is trying its server now',
  };
  let world: StepsWorld;

  beforeAll(async () => {
    world = await openStepsWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    world.northwind.received.length = 0;
    world.northwind.answer('post', { body: { accepted: true } });
    await world.database.circuits.deleteMany({});
  });

  const aLead = async (): Promise<string> => (await storeLead(world.database, world.campaign))._id;

  const sell = (leadId: string, round = 1) => world.steps.sellLead(saleOf(leadId, round));

  const circuitIs = async (until: number): Promise<void> => {
    await world.database.circuits.insertOne({
      _id: posts,
      version: 1,
      failures: BREAKER.failures,
      opens: 1,
      openedAt: until - BREAKER.openFor,
      until,
    });
  };
  const circuit = async () => (await readCircuits(world.database)).get(posts);
  const sent = () => world.northwind.of('post').length;

  test('is counted once for each lead, and its circuit opens after ten leads in a row', async () => {
    world.northwind.answer('post', { status: 503 });
    for (let failures = 1; failures <= BREAKER.failures; failures += 1) {
      expect(await sell(await aLead())).toMatchObject({ answer: 'uncertain' });
      await expect.poll(circuit).toMatchObject({ failures });
    }
    const lead = await aLead();
    expect(await sell(lead)).toEqual(passedOver);
    expect(sent()).toBe(BREAKER.failures);
    expect(await world.database.leads.findOne({ _id: lead })).toMatchObject({ claimed: 0, claims: {} });
  });

  test('is not counted as failing for a refused post', async () => {
    world.northwind.answer('post', { body: { accepted: false, reason: 'duplicate' } });
    await circuitIs(Date.now() - 1);
    expect(await sell(await aLead())).toMatchObject({ answer: 'refused' });
    await expect.poll(circuit).toBeUndefined();
  });

  test('is tried by one of many leads, and an answer closes its circuit', async () => {
    await circuitIs(Date.now() - 1);
    const leads = await Promise.all(Array.from({ length: 8 }, aLead));
    world.northwind.answer('post', { after: 200, body: { accepted: true } });
    const answers = await Promise.all(leads.map((lead) => sell(lead)));
    expect(answers.filter(({ answer }) => answer === 'accepted')).toHaveLength(1);
    expect(answers.filter(({ answer }) => answer === 'circuit_open')).toHaveLength(7);
    expect(sent()).toBe(1);
    await expect.poll(circuit).toBeUndefined();
  });

  test('gets no post in a round that skipped it, even if it has recovered', async () => {
    await circuitIs(Date.now() + 60_000);
    const lead = await aLead();
    expect(await sell(lead)).toEqual(passedOver);
    await world.database.circuits.deleteMany({});
    expect(await sell(lead)).toEqual(passedOver);
    expect(sent()).toBe(0);
    expect(await sell(lead, 2)).toMatchObject({ answer: 'accepted' });
  });

  test('gets the post that is in progress', async () => {
    const lead = await aLead();
    const terms = { round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
    await claimLead(world.database, { lead, contract, postId: 'post-1', ...terms, maxBuyers: 1 });
    await circuitIs(Date.now() + 60_000);
    expect(await sell(lead)).toMatchObject({ answer: 'accepted' });
  });

  test('is not counted as failing if the worker was suspended past the timeout', async () => {
    await world.database.buyers.updateOne({ _id: 'northwind' }, { $set: { 'post.timeoutMs': 200 } });
    world.northwind.answer('post', { after: 5000, body: { accepted: true } });
    const paused = sell(await aLead());
    await expect.poll(sent).toBe(1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1300);
    expect(await paused).toMatchObject({ answer: 'uncertain' });
    // A failure would have been counted before these are stored.
    for (let i = 0; i < 10; i += 1) await aLead();
    expect(await circuit()).toBeUndefined();
  });
});
