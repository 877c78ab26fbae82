import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type RunningApi } from '../../src/api/server.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { openConnection } from '../../src/temporal/connection.js';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { sendLead } from '../support/source.js';
import { isolatedSettings } from '../support/stack.js';
import { serveOf, workerOf } from '../support/worker.js';
import { openGate, type Gate } from './gate.js';

/** Longer than a lead takes even on a busy machine. */
const WINDOW_MS = 15_000;

let gate: Gate;
let settings: Settings;
let database: Database;
let buyer: FakeBuyer;
let key: string;
beforeAll(async () => {
  const own = await isolatedSettings({ RATE_LIMIT_PER_MINUTE: 10_000, ANSWER_WINDOW_MS: WINDOW_MS });
  const { hostname, port } = new URL(own.REDIS_URL);
  gate = await openGate({ host: hostname, port: Number(port) });
  settings = { ...own, REDIS_URL: `redis://127.0.0.1:${gate.port}` };
  database = openDatabase(settings);
  buyer = await startBuyer({ ping: { body: { bid: 45 } } });
  await storeMarket(database, { northwind: { server: buyer, pingTimeoutMs: 3000 } });
  ({ key } = await createKey(database, { seller: 'ACME1234', test: false }));
});
afterAll(async () => {
  await buyer.close();
  await database.client.close();
  await gate.close();
});

const send = ({ address }: RunningApi, headers: Record<string, string> = {}) =>
  sendLead({ address, key }, 'Auto Insurance', undefined, headers);
const SOLD = { status: 'sold', price: 45, buyer_ids: ['northwind'] };

describe('API and worker in one process', () => {
  let api: RunningApi;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    ({ api, stop } = await serveOf(settings));
    await send(api);
  });
  afterAll(() => stop());

  it('the worker gets a lead’s first task with the answer to the start', async () => {
    const connection = openConnection(settings);
    const { workflow } = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
    const startOfNext = async () => {
      const { body } = await send(api);
      expect(body).toMatchObject(SOLD);
      const { events } = await workflow.getHandle(workflowId(String(body.lead_id))).fetchHistory();
      return events?.[0]?.workflowExecutionStartedEventAttributes;
    };
    // Not before Temporal knows everywhere that the worker's build is the current one.
    await expect.poll(startOfNext, { timeout: 15_000 }).toMatchObject({
      eagerExecutionAccepted: true,
      priority: { priorityKey: 3, fairnessKey: 'ACME1234' },
    });
    await connection.close();
  });

  it('leads are answered at once without Redis', async () => {
    gate.cut();
    const reply = await send(api);
    gate.mend();
    expect(reply.body).toMatchObject(SOLD);
    expect(reply.ms).toBeLessThan(WINDOW_MS);
  });

  it('a lead of a source that does not wait goes on sale after the others', async () => {
    const { body } = await send(api, { prefer: 'respond-async' });
    expect(body.status).toBe('pending');
    const connection = openConnection(settings);
    const { workflow } = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
    await expect
      .poll(() => database.leads.countDocuments({ _id: String(body.lead_id), status: 'sold' }))
      .toBe(1);
    const { priority } = await workflow.getHandle(workflowId(String(body.lead_id))).describe();
    await connection.close();
    expect(priority).toMatchObject({ priorityKey: 4 });
  });
});

describe('API and worker in two processes', () => {
  let api: RunningApi;
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await workerOf(settings);
    api = await startApi(settings, createLog({ LOG_LEVEL: 'silent' }, 'api'));
    await send(api);
  });
  afterAll(async () => {
    await api.close();
    await worker.stop();
  });

  it('the answer comes over Redis', async () => {
    const reply = await send(api);
    expect(reply.body).toMatchObject(SOLD);
    expect(reply.ms).toBeLessThan(WINDOW_MS);
  });

  it('without Redis the lead is read when the time of its source is over', async () => {
    gate.cut();
    const reply = await send(api, { prefer: 'wait=3' });
    gate.mend();
    expect(reply.body).toMatchObject(SOLD);
    expect(reply.ms).toBeGreaterThanOrEqual(3000);
  });
});
