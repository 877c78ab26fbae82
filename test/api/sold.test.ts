import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findLead } from '../../src/store/leads/leads.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument, contractDocument } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

describe('a lead sold in the call', () => {
  let world: ApiWorld;
  let worker: RunningWorker;
  let northwind: FakeBuyer;
  beforeAll(async () => {
    world = await openApiWorld();
    northwind = await startBuyer({ ping: { body: { bid: 45 } } });
    const { database } = world;
    await database.buyers.insertOne({
      ...buyerDocument('northwind', northwind),
      ping: { url: northwind.url, timeoutMs: 2000 },
    });
    for (const campaign of ['ACME1234/auto-insurance', 'ACME1234/solar']) {
      await database.contracts.insertOne(contractDocument(campaign, 'northwind'));
    }
    worker = await workerOf(world.settings);
  });
  afterAll(async () => {
    await worker.stop();
    await northwind.close();
    await world.close();
  });

  const sold = (reply: Reply) => ({
    success: true,
    lead_id: reply.body.lead_id,
    status: 'sold',
    price: 45,
    buyer_ids: ['northwind'],
  });

  it('is posted with the person’s consent text, word for word, and its time of receipt', async () => {
    const consent = {
      tcpaText: 'By clicking “Get quotes” I agree to be called,\neven by machine — about my request.',
      consentAt: '2026-11-24T14:33:05-06:00',
      ip: '203.0.113.9',
      userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)',
      landingPage: 'https://quotes.example/auto?a=1&b=2',
      trustedFormCertUrl: 'https://cert.trustedform.com/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
      jornayaLeadId: '2D8A1F2C-6C1B-4B4E-9D0E-3F5A6B7C8D9E',
    };
    const reply = await sendLead(world, { ...SAMPLE, ...consent }, { prefer: '' });
    expect(reply.body).toEqual(sold(reply));
    const posted = northwind.of('post').find(({ body }) => body.lead_id === reply.body.lead_id)?.body;
    expect(posted?.lead).toMatchObject(consent);
    const stored = await findLead(world.database, String(reply.body.lead_id));
    expect(stored?.fields).toMatchObject({ ...consent, consentAt: '2026-11-24T20:33:05Z' });
    expect(posted?.received_at).toBe(stored?.receivedAt.toISOString());
  });

  it('is answered with its price and its buyer, and can be read again', async () => {
    const reply = await sendLead(world, SAMPLE, { prefer: '' });
    expect([reply.status, reply.body]).toEqual([200, sold(reply)]);
    const { body } = await request(world, `/api/leads/${String(reply.body.lead_id)}`);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
    expect(body).toEqual({ ...sold(reply), created_at: time, updated_at: time });
  });

  it('is sold from a query string only', async () => {
    const query = 'seller=ACME1234&category=Solar&state=TX&firstName=John&phone=555-1234';
    const reply = await request(world, `/api/leads?${query}`, { method: 'POST' });
    const warnings = [{ field: 'phone', problem: 'not a phone number that can be called; kept as sent' }];
    expect([reply.status, reply.body]).toEqual([200, { ...sold(reply), warnings }]);
  });

  it('is replayed as sold', async () => {
    const headers = { 'idempotency-key': 'sold', prefer: '' };
    const first = await sendLead(world, SAMPLE, headers);
    const second = await sendLead(world, SAMPLE, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  it('goes to buyers as a test if the key is a test key', async () => {
    const key = await world.keyFor({ test: true });
    const reply = await sendLead({ ...world, key }, SAMPLE, { prefer: '' });
    expect(reply.body).toEqual(sold(reply));
    const posted = northwind.of('post').find(({ body }) => body.lead_id === reply.body.lead_id);
    expect(posted?.body).toMatchObject({ test: true });
  });
});
