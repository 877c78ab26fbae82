import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withdrawLead } from '../../src/operations/leads/withdrawLead.js';
import type { Round } from '../../src/market/model/round.js';
import { claimLead, endClaim } from '../../src/store/sales/claims.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { matchOf } from '../../src/store/persons/matchKeys.js';
import { storeRound } from '../../src/store/leads/rounds.js';
import { withdrawSuppressed } from '../../src/store/persons/suppressions.js';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type Behaviour, type FakeBuyer, type Received } from '../support/buyer.js';
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
      pending: { retryAfter: [], expireAfter: 0 },
    };
    const round = {
      number: 1,
      campaign,
      version: 1,
      at: Date.now(),
      terms,
      excluded: [],
      entries: [],
      later: [],
      changes: [],
      tell: { postbacks: 0, notices: {} },
    };
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
    await claimLead(world.database, { lead: id, contract: 'c', ...offer, maxBuyers: 2 });
    const began = Date.now();
    const reply = await withdraw(id);
    expect(Date.now() - began).toBeLessThan(1000);
    expect([reply.status, reply.body.status, reply.body.withdrawing]).toEqual([200, 'pending', true]);
    expect(
      await claimLead(world.database, { lead: id, contract: 'd', ...offer, postId: 'q', maxBuyers: 2 }),
    ).toMatchObject({
      closed: 'received',
    });
    await endClaim(world.database, id, { contract: 'c', postId: 'p', status: 'refused' });
    const later = await withdraw(id);
    expect([later.status, later.body.status, later.body.withdrawing]).toEqual([200, 'withdrawn', undefined]);
    expect((await request(world, `/api/leads/${id}`)).body).toEqual(later.body);
  });

  /** The tests that wait for seconds. */
  describe.concurrent('with a worker', () => {
    let worker: RunningWorker;
    let crm: FakeBuyer;
    let slow: FakeBuyer;
    let next: FakeBuyer;
    let connection: Connection;
    beforeAll(async () => {
      [crm, slow, next] = await Promise.all([startBuyer(), startBuyer(), startBuyer()]);
      slow.answer('post', (received) => answerTo(received)?.behaviour ?? {});
      slow.onRequest = (received) => {
        if (received.type === 'post') answerTo(received)?.reached(String(received.body.lead_id));
      };
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
      connection = await Connection.connect({ address: world.settings.TEMPORAL_ADDRESS });
    });
    afterAll(async () => {
      await worker.stop();
      await connection.close();
      await Promise.all([crm, slow, next].map((server) => server.close()));
    });

    /** A lead of a separate person that waits for days. */
    async function asleep(phone: string): Promise<string> {
      const { body } = await sendLead(world, { ...SAMPLE, phone }, { prefer: '' });
      expect(body.status).toBe('pending');
      const id = String(body.lead_id);
      await vi.waitFor(() => expect(toldOf(id)).toEqual(['lead.pending']), { timeout: 20_000 });
      return id;
    }
    const becomes = (id: string, status: string): Promise<void> =>
      vi.waitFor(async () => expect((await request(world, `/api/leads/${id}`)).body.status).toBe(status), {
        timeout: 15_000,
      });
    const toldOf = (id: string): string[] =>
      crm.received.filter(({ body }) => body.lead_id === id).map(({ type }) => type);

    /** Its seller gets one postback, and nothing remains in progress. */
    async function hasEnded(id: string): Promise<void> {
      const { TEMPORAL_NAMESPACE: namespace } = world.settings;
      const handle = new Client({ connection, namespace }).workflow.getHandle(workflowId(id));
      await vi.waitFor(() => expect(toldOf(id)).toEqual(['lead.pending', 'lead.withdrawn']), {
        timeout: 30_000,
      });
      expect(await handle.result()).toMatchObject({ status: 'withdrawn' });
      await vi.waitFor(
        async () => expect(await world.database.leads.findOne({ _id: id })).not.toHaveProperty('dueAt'),
        { timeout: 30_000 },
      );
    }

    /** A withdrawn lead is due at once; the sweep notifies its workflow once it has been due for 5 s. */
    async function skipGrace(id: string): Promise<void> {
      const since = new Date(Date.now() - 5000);
      const dueByNow = { _id: id, dueAt: { $lte: new Date() } };
      const skipped = await world.database.leads.updateOne(dueByNow, { $set: { dueAt: since } });
      expect(skipped.matchedCount).toBe(1);
    }

    it('ends the workflow of a waiting lead', async () => {
      const id = await asleep('512-555-0130');
      expect((await withdraw(id)).body).toMatchObject({ status: 'withdrawn' });
      await hasEnded(id);
    });

    it('notifies the workflow of a waiting lead soon, which was unreachable', async () => {
      const id = await asleep('512-555-0131');
      const lead = await findStoredLead(world.database, id);
      if (lead === null) throw new Error('The lead is gone');
      await withdrawLead(world.database, lead, { by: 'a test', asked: 'ops', notify: () => undefined });
      await skipGrace(id);
      await hasEnded(id);
    });

    it('by adding the person of a waiting lead to a suppression list, and its workflow is notified soon', async () => {
      const id = await asleep('512-555-0132');
      const person = await matchOf(world.database, { phone: '512-555-0132' });
      expect(await withdrawSuppressed(world.database, 'ACME1234', [person])).toEqual({
        withdrawn: 1,
        withdrawing: 0,
      });
      await skipGrace(id);
      await hasEnded(id);
    });

    /** What the slow buyer does with the post of a person's lead, by the digits of the phone number. */
    const answersOf = new Map<string, { behaviour: Behaviour; reached: (leadId: string) => void }>();
    const digitsOf = (phone: unknown): string => String(phone).replaceAll(/\D/g, '').slice(-10);
    const answerTo = ({ body }: Received) => answersOf.get(digitsOf((body.lead as { phone?: string }).phone));

    /** A lead whose post has just reached the slow buyer, which answers it so. */
    async function posted(phone: string, behaviour: Behaviour): Promise<string> {
      const got = new Promise<string>((reached) => answersOf.set(digitsOf(phone), { behaviour, reached }));
      void sendLead(world, { ...SAMPLE, phone, category: 'Renters' }, { prefer: 'wait=1' });
      return got;
    }
    const postsOf = (server: FakeBuyer, id: string) =>
      server.of('post').filter(({ body }) => body.lead_id === id);

    it('during a post is sold once if that buyer accepts', async () => {
      const id = await posted('512-555-0134', { after: 2500, body: { accepted: true } });
      expect((await withdraw(id)).body).toMatchObject({ status: 'pending', withdrawing: true });
      await becomes(id, 'sold');
      expect((await withdraw(id)).body).toMatchObject({ status: 'sold', buyer_ids: ['slow'] });
      await vi.waitFor(() => expect(toldOf(id)).toEqual(['lead.sold']), { timeout: 10_000 });
    });

    it('during a post is answered `withdrawn` or `sold` if that buyer answers while the withdrawal waits', async () => {
      for (const [accepted, status] of [
        [false, 'withdrawn'],
        [true, 'sold'],
      ] as const) {
        const id = await posted(`512-555-014${Number(accepted)}`, { after: 200, body: { accepted } });
        expect((await withdraw(id)).body).toMatchObject({ status });
        expect(postsOf(next, id)).toEqual([]);
      }
    });

    it('during a post is cancelled if that buyer gives no clear answer, without a retry', async () => {
      const id = await posted('512-555-0135', { after: 1500, status: 503 });
      expect((await withdraw(id)).body).toMatchObject({ status: 'pending', withdrawing: true });
      await vi.waitFor(() => expect(toldOf(id)).toEqual(['lead.withdrawn']), { timeout: 10_000 });
      expect(postsOf(slow, id)).toHaveLength(1);
      expect(slow.of('post_cancelled').map(({ body }) => body.lead_id)).toEqual([id]);
      expect(postsOf(next, id)).toEqual([]);
    });

    // Alone, because it measures the time of an answer.
    it(
      'during a post is answered within a second; if that buyer refuses later, no other gets it',
      { concurrent: false },
      async () => {
        const id = await posted('512-555-0133', { after: 2500, body: { accepted: false } });
        const began = Date.now();
        const { status, body } = await withdraw(id);
        expect(Date.now() - began).toBeLessThan(1000);
        expect([status, body.status, body.withdrawing]).toEqual([200, 'pending', true]);
        await becomes(id, 'withdrawn');
        expect(Date.now() - began).toBeGreaterThan(2000);
        await vi.waitFor(() => expect(toldOf(id)).toEqual(['lead.withdrawn']), { timeout: 10_000 });
        expect((await withdraw(id)).body).toMatchObject({ status: 'withdrawn' });
        expect(postsOf(next, id)).toEqual([]);
        expect(postsOf(slow, id)).toHaveLength(1);
      },
    );
  });
});
