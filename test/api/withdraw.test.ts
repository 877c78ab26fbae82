import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorker } from '../../src/cli/startWorker.js';
import { createLog } from '../../src/log.js';
import { claimLead } from '../../src/store/claims.js';
import { storeLead } from '../support/market.js';
import { openApiWorld, request, sendLead, type ApiWorld, type Reply } from './world.js';

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

  it('and its workflow ends with it', async () => {
    const worker = await startWorker(world.settings, createLog({ LOG_LEVEL: 'silent' }, 'worker'));
    const { body } = await sendLead(world, undefined, { prefer: '' });
    expect(body.status).toBe('pending');
    expect((await withdraw(String(body.lead_id))).body).toMatchObject({ status: 'withdrawn' });
    await worker.stop();
  });
});
