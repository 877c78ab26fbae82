import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../src/store/db.js';
import { factsOf } from '../../src/store/leads/leads.js';
import type { LeadDocument } from '../../src/store/documents.js';
import { MARKET_CHANGED_SIGNAL, searchAttributes, workflowId } from '../../src/temporal/names.js';
import { startLead } from '../../src/temporal/startLead.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { minutes, storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { hasHandledSignals } from '../support/timeSkipping.js';
import { workerOf } from '../support/worker.js';

/** The longest category, with three bytes per character: longer than a summary. */
const CATEGORY = '保険'.repeat(100);

describe('a lead whose workflow continues as new', () => {
  let database: Database;
  let connection: Connection;
  let client: Client;
  let worker: RunningWorker;
  let lead: LeadDocument;
  let handle: WorkflowHandle;

  beforeAll(async () => {
    const settings = await isolatedSettings();
    database = openDatabase(settings);
    const pending = { retryAfter: [], expireAfter: minutes(300 * 24 * 60) };
    const campaign = await storeMarket(database, {}, { pending, category: CATEGORY });
    worker = await workerOf(settings);
    connection = await Connection.connect({ address: settings.TEMPORAL_ADDRESS });
    client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
    lead = await storeLead(database, campaign);
    await startLead(client, factsOf(lead), settings.TASK_QUEUE, { withinMs: 10_000 });
    handle = client.workflow.getHandle(workflowId(lead._id));
  });
  afterAll(async () => {
    await handle.terminate();
    await worker.stop();
    await connection.close();
    await database.db.dropDatabase();
    await database.client.close();
  });

  /** Twenty of them are more bytes than one run takes. */
  const padding = 'x'.repeat(250_000);
  const runNow = async (): Promise<string> => (await handle.describe()).runId;

  test('loses no signal and keeps its search attributes', { timeout: 120_000 }, async () => {
    const first = await runNow();
    let at = lead.receivedAt.getTime() + minutes(10_000);
    for (let change = 0; change % 20 > 0 || (await runNow()) === first; change += 1) {
      at -= minutes(1);
      await handle.signal(MARKET_CHANGED_SIGNAL, { changes: [{ at, what: 'opening' }], padding });
      await hasHandledSignals(handle);
    }
    await expect
      .poll(() => database.leads.findOne({ _id: lead._id }), { timeout: 20_000 })
      .toMatchObject({ dueAt: new Date(at) });

    const { typedSearchAttributes, memo, status } = await handle.describe();
    expect(status.name).toBe('RUNNING');
    expect(typedSearchAttributes.get(searchAttributes.status)).toBe('pending');
    expect(typedSearchAttributes.get(searchAttributes.seller)).toBe('ACME1234');
    expect(typedSearchAttributes.get(searchAttributes.category)).toBe(CATEGORY);
    expect(typedSearchAttributes.get(searchAttributes.state)).toBe('TX');
    expect(typedSearchAttributes.get(searchAttributes.round)).toBe(1);
    expect(memo).toMatchObject({ lead: { status: 'pending', lastRound: { round: 1 } } });

    const before = await client.workflow.getHandle(workflowId(lead._id), first).describe();
    expect(before.status.name).toBe('CONTINUED_AS_NEW');
    expect(before.typedSearchAttributes.get(searchAttributes.status)).toBe('continued');
  });
});
