import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit, recordUpdate } from '../../src/store/audit.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { factsOf, findStoredLead } from '../../src/store/leads/leads.js';
import { RESOLVE_POST_UPDATE, WITHDRAW_UPDATE, workflowId } from '../../src/temporal/names.js';
import { startLead } from '../../src/temporal/startLead.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { workerOf } from '../support/worker.js';

describe('an action of ops on a lead’s workflow in Temporal', () => {
  let database: Database;
  let connection: Connection;
  let client: Client;
  let worker: RunningWorker;
  let northwind: FakeBuyer;
  let leadId: string;

  beforeAll(async () => {
    const settings = await isolatedSettings();
    database = openDatabase(settings);
    northwind = await startBuyer({ post: { status: 500 } });
    const delivery = { attempts: 1, within: 60_000, spacing: 1000, atEnd: 'hold', again: false } as const;
    const campaign = await storeMarket(database, {
      northwind: { server: northwind, pinged: false, contract: { price: 4500, delivery } },
    });
    worker = await workerOf(settings);
    connection = await Connection.connect({ address: settings.TEMPORAL_ADDRESS });
    const { TEMPORAL_NAMESPACE: namespace, TASK_QUEUE } = settings;
    client = new Client({ connection, namespace, identity: 'dana@ops' });
    const lead = await storeLead(database, campaign);
    leadId = lead._id;
    await startLead(client, factsOf(lead), TASK_QUEUE, { withinMs: 10_000 });
  });
  afterAll(async () => {
    await worker.stop();
    await Promise.all([northwind.close(), connection.close()]);
    await database.db.dropDatabase();
    await database.client.close();
  });

  const audited = () => listAudit(database, { of: leadId }, 10);

  test('is in the audit once, with its sender', { timeout: 60_000 }, async () => {
    const handle = client.workflow.getHandle(workflowId(leadId));
    const settle = () =>
      handle.executeUpdate(RESOLVE_POST_UPDATE, { args: [{ buyer: 'northwind', accepted: false }] });
    await expect.poll(() => northwind.of('post').length, { timeout: 10_000 }).toBe(1);
    // Before the post is held for ops, the update is rejected without an audit entry.
    await expect.poll(() => settle().catch(() => 'refused'), { timeout: 10_000 }).toMatch(/did not take it/);
    expect(await audited()).toMatchObject([
      {
        who: 'dana@ops',
        via: 'temporal',
        kind: 'lead',
        id: leadId,
        did: 'post settled',
        values: [{ path: 'northwind', to: 'refused' }],
      },
    ]);
    expect(await handle.executeUpdate(WITHDRAW_UPDATE)).toEqual({ status: 'withdrawn' });
    expect(await findStoredLead(database, leadId)).toMatchObject({ status: 'withdrawn', withdrawal: {} });
    expect((await audited()).map(({ who, via, did }) => [who, via, did])).toEqual([
      ['dana@ops', 'temporal', 'withdrawal asked for'],
      ['dana@ops', 'temporal', 'post settled'],
    ]);
  });

  test('is in the audit once, even if the activity is retried', async () => {
    const by = { who: 'temporal', via: 'temporal' } as const;
    const deed = { kind: 'lead', id: 'a lead', did: 'withdrawal asked for', values: [] } as const;
    const at = new Date();
    for (const updateId of ['one', 'one', 'another'])
      await recordUpdate(database, by, { ...deed, values: [] }, { updateId, at });
    expect(await listAudit(database, { of: 'a lead' }, 10)).toHaveLength(2);
  });
});
