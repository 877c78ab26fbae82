import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLoop } from '../bench/openLoop.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument, contractDocument } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld } from './world.js';

describe('without a worker, so that no lead is sold', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1000 });
  });
  afterAll(() => world.close());

  it('all leads are accepted, even more than there are places', async () => {
    const loop = openLoop(25, () => sendLead(world, SAMPLE, { prefer: 'wait=1' }));
    await sleep(2500);
    const replies = await loop.stop();
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(await world.database.leads.countDocuments({})).toBe(replies.length);
  }, 40_000);
});

describe('with more concurrent sources than sellable leads', () => {
  let world: ApiWorld;
  let buyer: FakeBuyer;
  let worker: Awaited<ReturnType<typeof workerOf>>;
  beforeAll(async () => {
    // Two leads at a time, each for half a second or more. Every lead waits up to a second.
    world = await openApiWorld({ ANSWER_WINDOW_MS: 2000, LEADS_IN_FLIGHT: 2 });
    buyer = await startBuyer({ post: { after: 500, body: { accepted: true } } });
    await world.database.buyers.insertOne({
      ...buyerDocument('northwind', buyer),
      ping: { url: buyer.url, timeoutMs: 2000 },
    });
    await world.database.contracts.insertOne(contractDocument('ACME1234/auto-insurance', 'northwind'));
    worker = await workerOf(world.settings);
  });
  afterAll(async () => {
    await worker.stop();
    await buyer.close();
    await world.close();
  });

  const send = (number: number) =>
    sendLead(
      world,
      { ...SAMPLE, phone: `512-555-01${10 + number}`, email: `p${number}@email.com` },
      { prefer: '' },
    );
  const sold = () => world.database.leads.countDocuments({ status: 'sold' });

  it('every lead is accepted, and leads without a place are sold soon, a few at a time', async () => {
    // A worker's first lead takes longer.
    await send(0);
    await expect.poll(sold, { timeout: 20_000 }).toBe(1);
    const replies = await Promise.all(Array.from({ length: 16 }, (_, i) => send(i + 1)));
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(replies.filter(({ body }) => body.status === 'pending').length).toBeGreaterThan(8);

    await expect.poll(sold, { timeout: 40_000, interval: 100 }).toBe(17);
    const asked = buyer.of('ping').map(({ at }) => at);
    const within = (ms: number, from: number) => asked.filter((at) => at >= from && at < from + ms).length;
    expect(Math.max(...asked.map((at) => within(300, at)))).toBeLessThan(8);
  }, 90_000);
});
