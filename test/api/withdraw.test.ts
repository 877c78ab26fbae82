import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withdrawLead } from '../../src/api/withdrawLead.js';
import { claimLead } from '../../src/store/claims.js';
import { findStoredLead } from '../../src/store/leads.js';
import { matchOf } from '../../src/store/match.js';
import { withdrawSuppressed } from '../../src/store/suppressions.js';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/temporal/worker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

describe('a seller takes a lead off sale', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1500 });
  });
  afterAll(() => world.close());

  const lead = async (): Promise<string> => String((await sendLead(world)).body.lead_id);
  const withdraw = (id: string, key = world.key): Promise<Reply> =>
    request({ ...world, key }, `/api/leads/${id}/withdraw`, { method: 'POST' });

  it('also while no worker is up, by any of its keys, and once and for all', async () => {
    const id = await lead();
    const reply = await withdraw(id, await world.keyFor({ test: true }));
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ success: true, lead_id: id, status: 'withdrawn' });
    expect((await withdraw(id)).body).toEqual(reply.body);
    expect((await request(world, `/api/leads/${id}`)).body).toEqual(reply.body);
    // The sweep begins its life, which tells the seller.
    expect(await world.database.leads.findOne({ _id: id })).toHaveProperty('dueAt');
  });

  it('and gets a sold one back as sold', async () => {
    const id = await lead();
    await world.database.leads.updateOne(
      { _id: id },
      { $set: { status: 'sold', price: 4500, buyerIds: ['northwind'] } },
    );
    const { status, body } = await withdraw(id);
    expect([status, body.status, body.price]).toEqual([200, 'sold', 45]);
  });

  it('but not one of another seller, nor one that there is none of', async () => {
    const id = await lead();
    const stranger = await world.keyFor({ seller: 'GLOBEX00' });
    for (const reply of [await withdraw(id, stranger), await withdraw('none')]) {
      expect(reply.status).toBe(404);
      expect(reply.body).toMatchObject({ error: 'Not found' });
    }
    expect((await request(world, `/api/leads/${id}`)).body).toMatchObject({ status: 'pending' });
  });

  it('and is asked to come again while a buyer is offered it and nobody is there to take note', async () => {
    const campaign = await world.database.campaigns.findOne({ _id: 'ACME1234/auto-insurance' });
    if (campaign === null) throw new Error('The world has no such campaign.');
    const { _id: id } = await storeLead(world.database, campaign);
    const offer = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 1, earns: 1 };
    await claimLead(world.database, id, 'c', offer, 1);
    const reply = await withdraw(id);
    expect(reply.status).toBe(503);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await request(world, `/api/leads/${id}`)).body).toMatchObject({ status: 'pending' });
  });

  describe('that sleeps', () => {
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

    /** A lead of a person of its own that waits for days. */
    async function asleep(phone: string): Promise<string> {
      const { body } = await sendLead(world, { ...SAMPLE, phone }, { prefer: '' });
      expect(body.status).toBe('pending');
      const id = String(body.lead_id);
      await expect.poll(() => toldOf(id), { timeout: 20_000 }).toEqual(['lead.pending']);
      return id;
    }
    const toldOf = (id: string): string[] =>
      crm.received.filter(({ body }) => body.lead_id === id).map(({ type }) => type);

    /** Its seller is told once, and nothing of it is left under way. */
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

    it('and its workflow, which could not be reached, hears of it soon', async () => {
      const id = await asleep('512-555-0131');
      const lead = await findStoredLead(world.database, id);
      if (lead === null) throw new Error('The lead is gone');
      await withdrawLead(world.database, lead, () => Promise.reject(new Error('Temporal is away')));
      await hasEnded(id);
    });

    it('by putting its person on a suppression list, of which its workflow hears soon', async () => {
      const id = await asleep('512-555-0132');
      const person = await matchOf(world.database, { phone: '512-555-0132' });
      expect(await withdrawSuppressed(world.database, 'ACME1234', [person])).toBe(1);
      await hasEnded(id);
    });
  });
});
