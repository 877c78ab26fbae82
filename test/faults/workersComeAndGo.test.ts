import { afterAll, beforeAll, expect, describe, it, onTestFinished, vi } from 'vitest';
import type { Settings } from '../../src/config.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import type { GavelProcess } from '../support/gavelProcesses.js';
import { storeMarket, type TestContract } from '../support/market.js';
import { leadNow, sendLead, type Reply, type Source } from '../support/source.js';
import { openTcpProxy, throughProxy, type TcpProxy } from '../support/tcpProxy.js';
import { workerOf } from '../support/worker.js';
import { holdRequests } from './holdRequests.js';
import { becomesSold, wasSoldOnce } from './soldOnce.js';
import { openFaultWorld, type FaultWorld } from './world.js';

const WINDOW_MS = 2000;

describe('while workers start and stop', () => {
  let world: FaultWorld;
  let source: Source;
  let stopping: StoppingWorker;
  beforeAll(async () => {
    world = await openFaultWorld({ ANSWER_WINDOW_MS: WINDOW_MS });
    const [{ address }, withoutDatabase] = await Promise.all([world.apiHere(), stopWithoutDatabase()]);
    source = { address, key: world.key };
    stopping = withoutDatabase;
  });
  afterAll(async () => {
    await Promise.all([world.close(), stopping.world.close()]);
    await Promise.all([stopping.mongodb.close(), stopping.server.close()]);
  });

  async function buyer(...answers: Parameters<typeof startBuyer>): Promise<FakeBuyer> {
    const started = await startBuyer(...answers);
    onTestFinished(() => started.close());
    return started;
  }

  async function startWorker(settings: Partial<Settings> = {}): Promise<void> {
    const worker = await workerOf({ ...world.settings, ...settings });
    onTestFinished(() => worker.stop());
  }

  const market = (category: string, contracts: Record<string, TestContract>) =>
    storeMarket(world.database, contracts, { category });

  const idOf = ({ body }: Reply): string => String(body.lead_id);

  it('a lead received without a worker is pending within the answer window, and sold when a worker starts', async () => {
    const server = await buyer();
    await market('no-worker', { patient: { server } });
    const reply = await sendLead(source, 'no-worker');
    expect(reply.body).toEqual({ success: true, lead_id: idOf(reply), status: 'pending' });
    expect(reply.ms).toBeLessThan(WINDOW_MS + 1000);
    expect(await leadNow(source, idOf(reply))).toMatchObject({ status: 'pending' });
    expect(server.received).toEqual([]);

    await startWorker();
    const sale = { leadId: idOf(reply), buyer: 'patient', price: 2000 };
    await becomesSold(source, sale);
    expect((await world.storyOf(idOf(reply))).status).toBe('sold');
    await wasSoldOnce(world.database, { ...sale, server });
  });

  it('a slow buyer costs at most its timeout, and the source is answered before that buyer', async () => {
    const quick = await buyer({ ping: { body: { bid: 30 } } });
    const slow = await buyer({ ping: { body: { bid: 99 } } });
    const timeoutMs = 400;
    await market('slow-buyer', {
      quick: { server: quick },
      slow: { server: slow, pingTimeoutMs: timeoutMs },
    });
    await startWorker();
    // The first lead of a process includes one-time loading and connecting.
    const warmUp = await sendLead(source, 'slow-buyer');
    await becomesSold(source, { leadId: idOf(warmUp), buyer: 'slow', price: 9900 });

    const asleep = holdRequests(slow, 'ping');
    onTestFinished(() => asleep.release());
    const reply = await sendLead(source, 'slow-buyer');
    expect(reply.body).toMatchObject({ status: 'sold', price: 30, buyer_ids: ['quick'] });
    await asleep.atLeast(1);
    expect(reply.ms).toBeGreaterThan(timeoutMs - 50);
    expect(reply.ms).toBeLessThan(WINDOW_MS + 1000);
    const lead = await world.database.leads.findOne({ _id: idOf(reply) });
    const entries = Object.fromEntries(lead?.rounds[1]?.entries.map((entry) => [entry.buyer, entry]) ?? []);
    expect(entries.slow).toMatchObject({ noBid: { reason: 'timeout' } });
    expect(entries.slow?.ms).toBeLessThan(timeoutMs + 200);
    expect(entries.quick?.ms).toBeLessThan(timeoutMs);
    const { rounds } = await world.storyOf(idOf(reply));
    expect(JSON.stringify(rounds)).toContain('timeout');
  });

  it('a worker stopped with four leads in flight drains, and each lead is sold once', async () => {
    const asked = await buyer();
    const sold = await buyer();
    await market('asked', { asked: { server: asked, pingTimeoutMs: 8000, postTimeoutMs: 8000 } });
    await market('sold', { sold: { server: sold, pingTimeoutMs: 8000, postTimeoutMs: 8000 } });
    const pings = holdRequests(asked, 'ping');
    const posts = holdRequests(sold, 'post');
    onTestFinished(() => {
      pings.release();
      posts.release();
    });
    const worker = await world.processes.worker(world.settings);
    onTestFinished(() => worker.kill());
    const lead = (category: string) => sendLead(source, category, undefined, { prefer: 'respond-async' });
    // No more than a worker takes on a busy machine.
    const two = (category: string) => Promise.all(Array.from({ length: 2 }, () => lead(category)));
    const [atPing, atPost] = await Promise.all([two('asked'), two('sold')]);
    await Promise.all([pings.atLeast(2), posts.atLeast(2)]);

    worker.tellToEnd();
    await expect.poll(() => worker.logged({ event: 'stopping' }).length, { timeout: 10_000 }).toBe(1);
    pings.release();
    posts.release();
    await startWorker();
    expect(await worker.ended).toBe('exit code 0');
    expect(worker.logged({ event: 'stopped' })).toHaveLength(1);
    const errors = worker
      .log()
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"/.test(line));
    expect(errors).toEqual([]);

    const sales = [
      ...atPing.map((reply) => ({ leadId: idOf(reply), buyer: 'asked', price: 2000, server: asked })),
      ...atPost.map((reply) => ({ leadId: idOf(reply), buyer: 'sold', price: 2000, server: sold })),
    ];
    await Promise.all(sales.map((sale) => becomesSold(source, sale)));
    for (const sale of sales) {
      expect((await world.storyOf(sale.leadId)).status).toBe('sold');
      await wasSoldOnce(world.database, sale);
    }
  });

  it('a worker has LEADS_IN_FLIGHT leads in hand at once', async () => {
    const server = await buyer();
    await market('at-once', { held: { server, pingTimeoutMs: 8000 } });
    const lead = () => sendLead(source, 'at-once', undefined, { prefer: 'respond-async' });
    await startWorker({ LEADS_IN_FLIGHT: 4 });
    // As soon as its polls have taken their slots.
    await becomesSold(source, { leadId: idOf(await lead()), buyer: 'held', price: 2000 });
    const pings = holdRequests(server, 'ping');
    onTestFinished(() => pings.release());
    const replies = await Promise.all(Array.from({ length: 6 }, lead));
    await pings.atLeast(4);
    pings.release();
    const sales = replies.map((reply) => ({ leadId: idOf(reply), buyer: 'held', price: 2000 }));
    await Promise.all(sales.map((sale) => becomesSold(source, sale)));
  });

  it('a worker whose database is away ends in time without an error, and another one sells its lead', async () => {
    const { world: own, worker, reply, server } = stopping;
    expect(await worker.ended, worker.log()).toBe('exit code 0');
    for (const event of ['stopping', 'steps_given_up', 'stopped'])
      expect(worker.logged({ event }), event).toHaveLength(1);

    await own.workerHere();
    const sale = { leadId: idOf(reply), buyer: 'waiting', price: 2000 };
    await becomesSold(stopping.source, sale, 20_000);
    await wasSoldOnce(own.database, { ...sale, server });
  });
});

/** A worker that stops while its database is away, with a lead in hand. */
interface StoppingWorker {
  world: FaultWorld;
  source: Source;
  mongodb: TcpProxy;
  server: FakeBuyer;
  worker: GavelProcess;
  reply: Reply;
}

/** In its own world, so that the other tests can run while it gives its steps up after 20 s. */
async function stopWithoutDatabase(): Promise<StoppingWorker> {
  const world = await openFaultWorld({ ANSWER_WINDOW_MS: WINDOW_MS });
  const { settings } = world;
  const server = await startBuyer();
  await storeMarket(world.database, { waiting: { server } }, { category: 'away' });
  const mongodb = await openTcpProxy(settings.MONGODB_URL);
  const [{ address }, worker] = await Promise.all([
    world.apiHere(),
    world.processes.worker({ ...settings, MONGODB_URL: throughProxy(settings.MONGODB_URL, mongodb) }),
  ]);
  const source = { address, key: world.key };
  mongodb.cut();
  const reply = await sendLead(source, 'away', undefined, { prefer: 'respond-async' });
  const failed = () => worker.logged({ event: 'temporal_sdk', activityType: 'runRound' }).length > 0;
  await vi.waitUntil(failed, { timeout: 20_000 });
  worker.tellToEnd();
  return { world, source, mongodb, server, worker, reply };
}
