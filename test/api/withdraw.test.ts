import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withdrawLead } from '../../src/operations/leads/withdrawLead.js';
import type { Round } from '../../src/market/model/round.js';
import { claimLead, releaseClaim } from '../../src/store/sales/claims.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { matchOf } from '../../src/store/persons/matchKeys.js';
import { storeRound } from '../../src/store/leads/rounds.js';
import { withdrawSuppressed } from '../../src/store/persons/suppressions.js';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

describe('a seller withdraws a lead', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1500 });
  });
  afterAll(() => world.close());

  const lead = async (): Promise<string> => String((await sendLead(world)).body.lead_id);
  const withdraw = (id: string, key = world.key): Promise<Reply> =>
    request({ ...world, key }, `/api/leads/${id}/withdraw`, { method: 'POST' });

  it('also without a worker, with any of its live keys, and permanently', async () => {
    const id = await lead();
    // The state of its last round is not the reason of the withdrawal.
    await world.database.leads.updateOne({ _id: id }, { $set: { reason: 'no_buyer_eligible' } });
    const reply = await withdraw(id, await world.keyFor({ source: 'another' }));
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      success: true,
      lead_id: id,
      status: 'withdrawn',
      withdrawn_by: 'seller',
    });
    expect(reply.body).not.toHaveProperty('reason');
    expect(JSON.stringify(reply.body)).not.toContain('(source)');
    expect(await world.database.leads.findOne({ _id: id })).toMatchObject({
      withdrawal: { by: expect.stringMatching(/^\S+ \(source\)$/) as string },
    });
    expect((await withdraw(id)).body).toEqual(reply.body);
    expect((await request(world, `/api/leads/${id}`)).body).toEqual(reply.body);
    // The sweep starts its workflow, which sends the postback.
    expect(await world.database.leads.findOne({ _id: id })).toHaveProperty('dueAt');
  });

  it('several times concurrently, also during a round, always with the same answer, including `updated_at`', async () => {
    const id = await lead();
    const [first, ...others] = await Promise.all([withdraw(id), withdraw(id), withdraw(id)]);
    expect(first.body).toMatchObject({ status: 'withdrawn' });
    // The bids of the round arrive after that.
    const { campaign = '' } = (await findStoredLead(world.database, id)) ?? {};
    const terms = {
      currency: 'USD',
      sale: { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'highestBid' },
    };
    const round = { number: 1, campaign, version: 1, at: Date.now(), terms, excluded: [], entries: [] };
    await storeRound(world.database, id, round as unknown as Round);
    expect(await findStoredLead(world.database, id)).toHaveProperty('lastRound', 1);
    for (const { status, body } of [...others, await withdraw(id)])
      expect([status, body]).toEqual([200, first.body]);
  });

  it('with a test key only if it is a test lead; a live key reaches both', async () => {
    const test = await world.keyFor({ test: true });
    const live = await lead();
    const ask = (id: string, key: string): Promise<Reply> =>
      request({ ...world, key }, `/api/leads/${id}`, { method: 'GET' });
    for (const reply of [await ask(live, test), await withdraw(live, test)])
      expect([reply.status, reply.body.error]).toEqual([404, 'Not found']);
    expect((await ask(live, world.key)).body).toMatchObject({ status: 'pending' });

    const tried = String((await sendLead({ ...world, key: test })).body.lead_id);
    for (const key of [test, world.key]) expect((await ask(tried, key)).status).toBe(200);
    expect((await withdraw(tried, test)).body).toMatchObject({ status: 'withdrawn' });
  });

  it('and a sold lead stays sold', async () => {
    const id = await lead();
    await world.database.leads.updateOne(
      { _id: id },
      { $set: { status: 'sold', price: 4500, buyerIds: ['northwind'] } },
    );
    const { status, body } = await withdraw(id);
    expect([status, body.status, body.price]).toEqual([200, 'sold', 45]);
  });

  it('but not another seller’s lead or a missing lead', async () => {
    const id = await lead();
    const stranger = await world.keyFor({ seller: 'GLOBEX00' });
    for (const reply of [await withdraw(id, stranger), await withdraw('none')]) {
      expect(reply.status).toBe(404);
      expect(reply.body).toMatchObject({ error: 'Not found' });
    }
    expect((await request(world, `/api/leads/${id}`)).body).toMatchObject({ status: 'pending' });
  });

  it('also during a post without a worker: no other buyer gets it, and it ends after that post', async () => {
    const campaign = await world.database.campaigns.findOne({ _id: 'ACME1234/auto-insurance' });
    if (campaign === null) throw new Error('The world has no such campaign.');
    const { _id: id } = await storeLead(world.database, campaign);
    const offer = { postId: 'p', round: 1, buyer: 'northwind', exclusive: false, price: 1, earns: 1 };
    await claimLead(world.database, id, 'c', offer, 2);
    const began = Date.now();
    const reply = await withdraw(id);
    expect(Date.now() - began).toBeLessThan(1000);
    expect([reply.status, reply.body.status, reply.body.withdrawing]).toEqual([200, 'pending', true]);
    expect(await claimLead(world.database, id, 'd', { ...offer, postId: 'q' }, 2)).toMatchObject({
      closed: 'received',
    });
    await releaseClaim(world.database, id, 'c', 'p', 'refused');
    const later = await withdraw(id);
    expect([later.status, later.body.status, later.body.withdrawing]).toEqual([200, 'withdrawn', undefined]);
    expect((await request(world, `/api/leads/${id}`)).body).toEqual(later.body);
  });

  describe('that waits', () => {
    let worker: RunningWorker;
    let crm: FakeBuyer;
    let connection: Connection;
    beforeAll(async () => {
      crm = await startBuyer();
      await world.database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { postbacks: [crm.url] } });
      worker = await workerOf(world.settings);
      connection = await Connection.connect({ address: world.settings.TEMPORAL_ADDRESS });
    });
    afterAll(async () => {
      await worker.stop();
      await connection.close();
      await crm.close();
    });

    /** A lead of a separate person that waits for days. */
    async function asleep(phone: string): Promise<string> {
      const { body } = await sendLead(world, { ...SAMPLE, phone }, { prefer: '' });
      expect(body.status).toBe('pending');
      const id = String(body.lead_id);
      await expect.poll(() => toldOf(id), { timeout: 20_000 }).toEqual(['lead.pending']);
      return id;
    }
    const toldOf = (id: string): string[] =>
      crm.received.filter(({ body }) => body.lead_id === id).map(({ type }) => type);

    /** Its seller gets one postback, and nothing remains in progress. */
    async function hasEnded(id: string): Promise<void> {
      const { TEMPORAL_NAMESPACE: namespace } = world.settings;
      const handle = new Client({ connection, namespace }).workflow.getHandle(workflowId(id));
      await expect.poll(() => toldOf(id), { timeout: 30_000 }).toEqual(['lead.pending', 'lead.withdrawn']);
      expect(await handle.result()).toMatchObject({ status: 'withdrawn' });
      await expect
        .poll(() => world.database.leads.findOne({ _id: id }), { timeout: 30_000 })
        .not.toHaveProperty('dueAt');
    }

    it('and its workflow ends with it', async () => {
      const id = await asleep('512-555-0130');
      expect((await withdraw(id)).body).toMatchObject({ status: 'withdrawn' });
      await hasEnded(id);
    });

    it('and its workflow, which was unreachable, is notified soon', async () => {
      const id = await asleep('512-555-0131');
      const lead = await findStoredLead(world.database, id);
      if (lead === null) throw new Error('The lead is gone');
      await withdrawLead(world.database, lead, { by: 'a test', asked: 'ops', notify: () => undefined });
      await hasEnded(id);
    });

    it('by adding its person to a suppression list, and its workflow is notified soon', async () => {
      const id = await asleep('512-555-0132');
      const person = await matchOf(world.database, { phone: '512-555-0132' });
      expect(await withdrawSuppressed(world.database, 'ACME1234', [person])).toEqual({
        withdrawn: 1,
        withdrawing: 0,
      });
      await hasEnded(id);
    });
  });

  describe('during a post', () => {
    let worker: RunningWorker;
    let crm: FakeBuyer;
    let slow: FakeBuyer;
    let next: FakeBuyer;
    beforeAll(async () => {
      [crm, slow, next] = await Promise.all([startBuyer(), startBuyer(), startBuyer()]);
      await storeMarket(
        world.database,
        {
          slow: { server: slow, pinged: false, postTimeoutMs: 10_000, contract: { price: 4000 } },
          next: { server: next, pinged: false, contract: { price: 1000 } },
        },
        { category: 'Renters' },
      );
      await world.database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { postbacks: [crm.url] } });
      worker = await workerOf(world.settings);
    });
    afterAll(async () => {
      await worker.stop();
      await Promise.all([crm, slow, next].map((server) => server.close()));
    });

    /** A lead whose post has just reached the slow buyer. */
    async function posted(): Promise<string> {
      const got = new Promise<string>((resolve) => {
        slow.onRequest = ({ type, body }) => {
          if (type === 'post') resolve(String(body.lead_id));
        };
      });
      void sendLead(world, { ...SAMPLE, category: 'Renters' }, { prefer: 'wait=1' });
      return got;
    }
    const toldOf = (id: string): string[] =>
      crm.received.filter(({ body }) => body.lead_id === id).map(({ type }) => type);

    it('is answered within a second; if that buyer refuses six seconds later, no other gets it', async () => {
      slow.answer('post', { after: 6000, body: { accepted: false } });
      const id = await posted();
      const began = Date.now();
      const { status, body } = await withdraw(id);
      expect(Date.now() - began).toBeLessThan(1000);
      expect([status, body.status, body.withdrawing]).toEqual([200, 'pending', true]);
      await expect
        .poll(async () => (await request(world, `/api/leads/${id}`)).body.status, { timeout: 15_000 })
        .toBe('withdrawn');
      expect(Date.now() - began).toBeGreaterThan(5500);
      await expect.poll(() => toldOf(id), { timeout: 10_000 }).toEqual(['lead.withdrawn']);
      expect((await withdraw(id)).body).toMatchObject({ status: 'withdrawn' });
      expect(next.of('post')).toEqual([]);
      expect(slow.of('post')).toHaveLength(1);
    });

    it('is sold once if that buyer accepts', async () => {
      slow.answer('post', { after: 2500, body: { accepted: true } });
      const id = await posted();
      expect((await withdraw(id)).body).toMatchObject({ status: 'pending', withdrawing: true });
      await expect
        .poll(async () => (await request(world, `/api/leads/${id}`)).body.status, { timeout: 10_000 })
        .toBe('sold');
      expect((await withdraw(id)).body).toMatchObject({ status: 'sold', buyer_ids: ['slow'] });
      await expect.poll(() => toldOf(id), { timeout: 10_000 }).toEqual(['lead.sold']);
    });

    it('is answered `withdrawn` or `sold` if that buyer answers while the withdrawal waits', async () => {
      for (const [accepted, status] of [
        [false, 'withdrawn'],
        [true, 'sold'],
      ] as const) {
        slow.answer('post', { after: 400, body: { accepted } });
        expect((await withdraw(await posted())).body).toMatchObject({ status });
      }
      expect(next.of('post')).toEqual([]);
    });

    it('is cancelled if that buyer gives no clear answer, without a retry', async () => {
      slow.answer('post', { after: 1500, status: 503 });
      const id = await posted();
      const sent = slow.of('post').length;
      expect((await withdraw(id)).body).toMatchObject({ status: 'pending', withdrawing: true });
      await expect.poll(() => toldOf(id), { timeout: 10_000 }).toEqual(['lead.withdrawn']);
      expect(slow.of('post')).toHaveLength(sent);
      expect(slow.of('post_cancelled').map(({ body }) => body.lead_id)).toEqual([id]);
      expect(next.of('post')).toEqual([]);
    });
  });
});
