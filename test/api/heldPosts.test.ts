import { Client } from '@temporalio/client';
import Value from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolvePost, retryLead } from '../../src/operations/leads/leadActionOperations.js';
import { listAudit } from '../../src/store/audit.js';
import { countHeldPosts } from '../../src/store/leads/heldPosts.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { openConnection } from '../../src/temporal/connection.js';
import { RETRY_NOW_SIGNAL, searchAttributes, workflowId } from '../../src/temporal/names.js';
import { openLeadWorkflowClient } from '../../src/temporal/leadWorkflowClient.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { gavel, type Ran } from '../cli/gavel.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument, contractDocument } from '../support/market.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { workerOf } from '../support/worker.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import { request, sendLead, type Reply } from './world.js';

const HOLD = { attempts: 1, within: 60_000, spacing: 1000, atEnd: 'hold', again: false } as const;

describe('a decision of ops', { timeout: 60_000 }, () => {
  let world: AdminWorld;
  let worker: RunningWorker;
  let odd: FakeBuyer;
  let beta: FakeBuyer;
  let client: Client;
  let connection: ReturnType<typeof openConnection>;
  beforeAll(async () => {
    world = await openAdminWorld();
    const { database, settings } = world;
    odd = await startBuyer();
    beta = await startBuyer();
    for (const [id, server, price] of [
      ['odd', odd, 4500],
      ['beta', beta, 2000],
    ] as const) {
      await database.buyers.insertOne(buyerDocument(id, server));
      await database.contracts.insertOne(
        contractDocument('ACME1234/auto-insurance', id, { price, delivery: HOLD }),
      );
    }
    connection = openConnection(settings);
    client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
    worker = await workerOf(settings);
  });
  afterAll(async () => {
    await worker.stop();
    await Promise.all([odd.close(), beta.close(), connection.close()]);
    await world.close();
  });
  beforeEach(() => {
    odd.answer('post', { status: 500 });
    beta.answer('post', { body: { accepted: true } });
  });

  const storyOf = async (id: string) => (await world.ask(`GET /admin/leads/${id}`)).body;
  const decide = (id: string, accepted: boolean, buyer = 'odd'): Promise<Reply> =>
    world.ask(`POST /admin/leads/${id}/resolve`, { buyer, accepted });
  const audited = (id: string) => listAudit(world.database, { of: id }, 10);
  const run = (...args: string[]): Promise<Ran> => gavel(args, asEnvironment(world.settings));

  /** A lead whose post to odd waits for ops. */
  async function heldLead(): Promise<string> {
    const id = String((await sendLead(world)).body.lead_id);
    await vi.waitFor(async () => expect((await storyOf(id)).held).toBeDefined(), { timeout: 20_000 });
    return id;
  }

  it('a held post is shown by lists, the lead’s story, Temporal and the figures until ops decide', async () => {
    const id = await heldLead();
    expect(await request(world, `/api/leads/${id}`)).toMatchObject({
      body: { status: 'pending', reason: 'uncertain' },
    });
    const { received_at, held, status } = await storyOf(id);
    const { dueAt } = (await findStoredLead(world.database, id)) ?? {};
    const until = new Date(Date.parse(String(received_at)) + 7 * 86_400_000).toISOString();
    expect([status, held]).toMatchObject(['pending', [{ buyer: 'odd', until }]]);
    // The sweep does not check its workflow before that.
    expect(dueAt?.toISOString()).toBe(until);
    const { stdout: list } = await run('leads', 'list', '--held');
    expect(list).toMatch(new RegExp(`${id} .* odd +\\d{4}-.* UTC +${until.slice(0, 10)} `));
    const { stdout: shown } = await run('leads', 'show', id);
    expect(shown).toContain(`Lead ${id}: pending (uncertain), held for ops`);
    expect(shown).toMatch(/odd +\$45\.00 +held for ops/);
    expect(shown).toContain(`gavel leads resolve ${id} --buyer odd --refused`);
    expect(shown).not.toMatch(/Waits for/);
    const described = await client.workflow.getHandle(workflowId(id)).describe();
    expect(described.typedSearchAttributes.get(searchAttributes.status)).toBe('held');
    const memo = described.memo?.lead as { opsCan: string[] };
    expect(memo).toMatchObject({
      status: 'held',
      waitsFor: expect.stringMatching(/did odd take the lead with the post_id [0-9a-f-]{36}\?/) as string,
    });
    expect(memo.opsCan[0]).toContain('{"buyer":"odd","accepted":true}');
    expect(memo.opsCan.join()).not.toContain(RETRY_NOW_SIGNAL);
    expect((await countHeldPosts(world.database)).count).toBeGreaterThanOrEqual(1);

    const reply = await decide(id, true);
    expect(reply).toMatchObject({ status: 200, body: { status: 'sold', price: 45, buyer_ids: ['odd'] } });
    expect(Value.Errors(resolvePost.output, reply.body)).toEqual([]);
    expect((await decide(id, true)).body).toMatchObject({ status: 'sold' });
    expect(await audited(id)).toMatchObject([
      { who: 'dana', via: 'api', did: 'post settled', values: [{ path: 'odd', to: 'accepted' }] },
    ]);
    expect(await decide(id, false)).toMatchObject({
      status: 409,
      body: { message: 'The post to odd was accepted already. No post of this lead is held for ops.' },
    });
    expect((await run('leads', 'list', '--held')).stdout).not.toContain(id);
    expect(await findStoredLead(world.database, id)).toMatchObject({ heldForOps: [] });
  });

  it('that the buyer did not take the lead continues with the next bidder', async () => {
    const id = await heldLead();
    expect((await run('leads', 'resolve', id, '--buyer', 'odd')).stderr).toContain('Say what the buyer did');
    const { stdout, stderr } = await run('leads', 'resolve', id, '--buyer', 'odd', '--refused');
    expect([stdout, stderr]).toEqual([
      expect.stringContaining('odd did not take it. It is sold to beta.'),
      '',
    ]);
    expect(await audited(id)).toMatchObject([{ via: 'cli', did: 'post settled' }]);
  });

  it('is rejected for a post that is not held, and a retry is rejected for a lead that does not wait', async () => {
    const id = await heldLead();
    expect((await decide(id, true, 'gamma')).body.message).toBe(
      `Lead ${id} was never posted to gamma. Posts held for ops: odd.`,
    );
    const retried = await run('leads', 'retry', id);
    expect(retried.code).toBe(1);
    expect(retried.stderr).toContain(`gavel leads resolve ${id} --buyer odd --accepted`);
    await decide(id, true);
    expect((await run('leads', 'retry', id)).stderr).toContain('is sold, so no further round starts');
    expect(await world.ask(`POST /admin/leads/${id.replace(/.$/, 'x')}/retry`, {})).toMatchObject({
      status: 404,
    });
  });

  it('is rejected for a post that its buyer accepted, because it was never held', async () => {
    odd.answer('post', { body: { accepted: true } });
    const id = String((await sendLead(world)).body.lead_id);
    await expect.poll(async () => (await storyOf(id)).status, { timeout: 20_000 }).toBe('sold');
    const ran = await run('leads', 'resolve', id, '--buyer', 'odd', '--accepted');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(
      'The post to odd was never held for ops: odd accepted it. No post of this lead is held for ops.',
    );
  });

  it('can run the next round of a pending lead now, with an audit entry', async () => {
    odd.answer('post', { body: { accepted: false } });
    beta.answer('post', { body: { accepted: false } });
    const id = String((await sendLead(world)).body.lead_id);
    await expect.poll(async () => (await storyOf(id)).waits_for, { timeout: 20_000 }).toBeDefined();
    const reply = await world.ask(`POST /admin/leads/${id}/retry`, {});
    expect(reply).toMatchObject({ status: 200, body: { lead_id: id, round: 2 } });
    expect(Value.Errors(retryLead.output, reply.body)).toEqual([]);
    expect(await audited(id)).toMatchObject([{ who: 'dana', via: 'api', did: 'retry asked for' }]);
  });

  /** The tests that wait for seconds. */
  describe.concurrent('that waits', () => {
    let held: { worker: string; workflow: string };
    beforeAll(async () => {
      odd.answer('post', { status: 500 });
      const [withoutWorker, terminated] = await Promise.all([heldLead(), heldLead()]);
      held = { worker: withoutWorker, workflow: terminated };
    });

    it('is answered within seconds without a worker, and is executed by a retry of the request', async () => {
      const id = held.worker;
      await worker.stop();
      const began = Date.now();
      expect(await decide(id, true)).toMatchObject({
        status: 503,
        body: { message: expect.stringMatching(/^No worker answered within 5 s\. Start one/) as string },
      });
      expect(Date.now() - began).toBeLessThan(10_000);
      worker = await workerOf(world.settings);
      await vi.waitFor(async () => expect((await decide(id, true)).body.status).toBe('sold'), {
        timeout: 20_000,
        interval: 250,
      });
    });

    it('restarts a terminated workflow, and is executed by a retry of the request', async () => {
      const id = held.workflow;
      await client.workflow.getHandle(workflowId(id)).terminate();
      expect((await decide(id, true)).body.message).toMatch(/has no running workflow.* Retry in a minute/);
      await vi.waitFor(async () => expect((await decide(id, true)).body.status).toBe('sold'), {
        timeout: 40_000,
        interval: 250,
      });
      expect(await world.database.sales.countDocuments({ lead: id })).toBe(1);
    });

    it('fails within seconds while Temporal is unavailable', async () => {
      const away = openLeadWorkflowClient({ ...world.settings, TEMPORAL_ADDRESS: '127.0.0.1:1' });
      const began = Date.now();
      expect(await away.retryNow('a lead')).toEqual({ sent: 'away' });
      expect(Date.now() - began).toBeLessThan(10_000);
      await away.close();
    });
  });
});
