import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/api/errorTable.js';
import { SANDBOX } from '../../src/market/model/sandbox.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

describe('The sandbox', () => {
  let world: ApiWorld;
  let worker: RunningWorker;
  let northwind: FakeBuyer;
  let key = '';
  beforeAll(async () => {
    world = await openApiWorld();
    northwind = await startBuyer();
    // A campaign whose only contract wants no lead of the sandbox.
    const contract = { states: ['CA'], filters: [{ field: 'zip', startsWith: ['9'] }] };
    await storeMarket(world.database, { northwind: { server: northwind, contract } }, { category: 'Boats' });
    await storeMarket(
      world.database,
      { fabrikam: { server: northwind, contract: { price: 2000 } } },
      { category: 'Planes' },
    );
    worker = await workerOf(world.settings);
    key = await world.keyFor({ test: true });
  });
  afterAll(async () => {
    await worker.stop();
    await northwind.close();
    await world.close();
  });

  const send = (zip: string, by = key, category = 'Boats'): Promise<Reply> =>
    sendLead({ ...world, key: by }, { ...SAMPLE, category, zip }, { prefer: '' });
  const ask = (id: unknown) => request({ ...world, key }, `/api/leads/${String(id)}`);

  test.each([
    ['00001', { status: 'sold', price: expect.any(Number) as number }],
    ['00003', { status: 'pending' }],
    ['00004', { status: 'pending' }],
    ['00005', { status: 'pending' }],
    ['00006', { status: 'pending' }],
    ['00007', { status: 'pending' }],
    ['00009', { status: 'pending' }],
    ['00010', { status: 'withdrawn', reason: 'suppressed' }],
  ])('answers %s in the call', async (zip, answer) => {
    const reply = await send(zip);
    expect(reply).toMatchObject({ status: 200, body: { success: true, ...answer } });
  });

  test.each([
    ['00003', 'no_bid'],
    ['00004', 'below_floor'],
    ['00005', 'no_buyer_eligible'],
    ['00006', 'no_buyer_eligible'],
    ['00007', 'refused'],
    ['00008', 'uncertain'],
  ])('gives the reason of %s when asked later: %s', async (zip, reason) => {
    const { body } = await send(zip);
    await expect
      .poll(async () => (await ask(body.lead_id)).body, { timeout: 10_000 })
      .toMatchObject({ status: 'pending', reason });
  });

  test('ends 00009 a moment later', async () => {
    const { body } = await send('00009');
    await expect.poll(async () => (await ask(body.lead_id)).body.status, { timeout: 10_000 }).toBe('expired');
  });

  /** The tests that wait for seconds. */
  describe.concurrent('while no lead reaches a buyer', () => {
    test('answers 00008 in the call', async ({ expect }) => {
      const reply = await send('00008');
      expect(reply).toMatchObject({ status: 200, body: { success: true, status: 'pending' } });
    });

    test('sells 00002 after its source was answered', async ({ expect }) => {
      const { body } = await send('00002');
      expect(body.status).toBe('pending');
      await expect.poll(async () => (await ask(body.lead_id)).body.status, { timeout: 15_000 }).toBe('sold');
    });

    test('contacts no buyer, and changes nothing of its statistics', async ({ expect }) => {
      await Promise.all([send('00001'), send('00008')]);
      expect(northwind.received).toEqual([]);
      expect(await world.database.circuits.countDocuments()).toBe(0);
      expect(await world.database.answers.countDocuments()).toBe(0);
    });
  });

  test('decides over contracts with a fixed price as well', async () => {
    expect((await send('00003', key, 'Planes')).body).toMatchObject({ status: 'pending' });
    expect((await send('00001', key, 'Planes')).body).toMatchObject({ status: 'sold' });
  });

  test.each(
    Object.entries(SANDBOX).flatMap(([zip, forced]) =>
      'error' in forced ? [[zip, forced.error] as const] : [],
    ),
  )('answers %s with the error %s, and stores nothing', async (zip, kind) => {
    const before = await world.database.leads.countDocuments();
    const { status, body, headers } = await send(zip);
    expect(status).toBe(ERRORS[kind].status);
    expect(body).toMatchObject({
      success: false,
      error: ERRORS[kind].error,
      request_id: expect.any(String) as string,
    });
    const isRetried = ['inProgress', 'rateLimited', 'unavailable'].includes(kind);
    expect(headers.get('retry-after')).toBe(isRetried ? '5' : null);
    expect(await world.database.leads.countDocuments()).toBe(before);
  });

  test.each(Object.keys(SANDBOX))('does nothing for a live key: %s is any ZIP code', async (zip) => {
    const { status, body } = await send(zip, world.key);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'pending' });
    const lead = await world.database.leads.findOne({ _id: String(body.lead_id) });
    expect(lead).not.toHaveProperty('sandbox');
  });

  test('leaves other test leads to the market', async () => {
    const { body } = await send('75001', key, 'Planes');
    expect(body).toMatchObject({ status: 'sold', buyer_ids: ['fabrikam'] });
    expect(northwind.of('post').at(-1)?.body).toMatchObject({ test: true });
  });
});
