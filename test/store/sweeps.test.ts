import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { openOverdueLeads, postponeSweep } from '../../src/store/leads/leads.js';
import { GIVEN_BACK_SIGNAL, WITHDRAWN_SIGNAL, LEAD_WORKFLOW, workflowId } from '../../src/temporal/names.js';
import { startSweep, sweepBatch, watchForRush, type OverdueLead } from '../../src/worker/sweep.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

describe('A backlog', () => {
  /** Without indexes, which would return the leads in order by themselves. */
  let plain: Database;
  beforeAll(async () => {
    plain = openDatabase(await isolatedSettings());
  });
  afterAll(async () => {
    await plain.db.dropDatabase();
    await plain.client.close();
  });

  test('is read oldest first, without leads that another worker has handled', async () => {
    const campaign = await storeMarket(plain, {});
    const now = Date.now();
    for (const minutesAgo of [3, 5, 1, 4, 2]) {
      const dueAt = new Date(now - minutesAgo * 60_000);
      await storeLead(plain, campaign, { dueAt, source: `due ${minutesAgo} minutes ago` });
    }
    await storeLead(plain, campaign, { dueAt: new Date(now + 60_000), source: 'not due' });
    const sourcesOf = (found: { source: string }[]): string[] => found.map(({ source }) => source);
    const due = (minutes: number): string => `due ${minutes} minutes ago`;
    const next = openOverdueLeads(plain);
    expect(sourcesOf(await next(new Date(now), 3))).toEqual([5, 4, 3].map(due));
    const another = await openOverdueLeads(plain)(new Date(now), 4);
    // Another worker handles the fourth before this one comes to it.
    await postponeSweep(plain, [another[3]?._id ?? ''], new Date(now + 60_000));
    expect(sourcesOf(await next(new Date(now), 3))).toEqual([due(1)]);
    // Leads that were not started are found again.
    expect(sourcesOf(await next(new Date(now), 3))).toEqual([5, 4, 3].map(due));
  });

  const backlog = (length: number): OverdueLead[] =>
    Array.from({ length }, (_, i) => ({
      facts: {
        leadId: `lead-${i}`,
        seller: 'ACME1234',
        category: 'Auto Insurance',
        receivedAt: 0,
        test: false,
      },
      isWithdrawn: false,
    }));

  test('is started in that order, and marked as handled on start', async () => {
    const leads = backlog(35);
    const started: string[] = [];
    const most = { atOnce: 0 };
    let running = 0;
    const start = async (_workflow: string, options: { workflowId: string }): Promise<void> => {
      started.push(options.workflowId);
      most.atOnce = Math.max(most.atOnce, ++running);
      await sleep(2);
      running--;
    };
    const client = {
      withDeadline: (_deadline: number, work: () => Promise<unknown>) => work(),
      workflow: { start },
    } as unknown as Client;
    const seen: string[] = [];
    const overdue = {
      find: (_before: Date, limit: number) => Promise.resolve(leads.slice(seen.length, seen.length + limit)),
      postpone: async (leadIds: string[]) => {
        expect(running).toBe(0);
        seen.push(...leadIds);
        expect(started).toEqual(seen.map(workflowId));
      },
    };
    expect(await sweepBatch(client, 'queue', overdue, 20)).toHaveLength(20);
    expect(await sweepBatch(client, 'queue', overdue, 20)).toHaveLength(15);
    expect(started).toEqual(leads.map(({ facts }) => workflowId(facts.leadId)));
    expect(seen).toHaveLength(leads.length);
    expect(most.atOnce).toBe(20);
  });

  test('is started no faster than workers take its leads, and one at a time while new leads wait', async () => {
    const leads = backlog(50);
    const started: string[] = [];
    let taken = 0;
    const client = {
      withDeadline: (_deadline: number, work: () => Promise<unknown>) => work(),
      withAbortSignal: (_signal: AbortSignal, work: () => Promise<unknown>) => work(),
      workflow: {
        start: async (_workflow: string, { workflowId: id }: { workflowId: string }) => void started.push(id),
      },
    } as unknown as Client;
    const overdue = {
      find: async (_before: Date, limit: number) => leads.slice(started.length, started.length + limit),
      postpone: async () => undefined,
      waiting: async (ids: string[]) =>
        ids.filter((id) => leads.findIndex((one) => one.facts.leadId === id) >= taken),
    };
    const rush = { isOn: false };
    const services = { overdueLeads: overdue, rush };
    const sweep = startSweep(client, 'queue', services, createLog({ LOG_LEVEL: 'silent' }, 'test'));
    await expect.poll(() => started.length).toBe(20);
    // Two more looks.
    await sleep(600);
    expect(started).toHaveLength(20);
    taken = 15;
    await expect.poll(() => started.length).toBe(35);
    rush.isOn = true;
    taken = 35;
    await expect.poll(() => started.length).toBe(36);
    await sleep(600);
    expect(started).toHaveLength(36);
    rush.isOn = false;
    taken = 50;
    await expect.poll(() => started.length, { timeout: 3000 }).toBe(50);
    await sweep.stop();
  });

  test('continues past a lead that can’t be started, which is retried', async () => {
    const start = async (_workflow: string, options: { workflowId: string }): Promise<void> => {
      if (options.workflowId === workflowId('lead-1')) throw new Error('refused');
    };
    const client = {
      withDeadline: (_deadline: number, work: () => Promise<unknown>) => work(),
      workflow: { start },
    } as unknown as Client;
    const seen: string[] = [];
    const overdue = {
      find: () => Promise.resolve(backlog(3)),
      postpone: async (leadIds: string[]) => void seen.push(...leadIds),
    };
    await expect(sweepBatch(client, 'queue', overdue, 20)).rejects.toThrow('refused');
    expect(seen).toEqual(['lead-0', 'lead-2']);
  });

  test('excludes leads with a running workflow, but notifies them of a withdrawal or a return', async () => {
    const [running, back, gone] = backlog(3);
    if (!running || !back || !gone) throw new Error('There is no backlog');
    back.facts.roundsBefore = 1;
    running.isWithdrawn = true;
    const signals: unknown[] = [];
    const client = {
      withDeadline: (_deadline: number, work: () => Promise<unknown>) => work(),
      workflow: {
        start: async (_workflow: string, options: { workflowId: string }): Promise<void> => {
          const { workflowId: id } = options;
          if (id !== workflowId(gone.facts.leadId))
            throw new WorkflowExecutionAlreadyStartedError('It runs', id, LEAD_WORKFLOW);
        },
        getHandle: (id: string) => ({ signal: async (name: string) => void signals.push([id, name]) }),
      },
    } as unknown as Client;
    const seen: string[] = [];
    const overdue = {
      find: () => Promise.resolve([running, back, gone]),
      postpone: async (leadIds: string[]) => void seen.push(...leadIds),
    };
    expect(await sweepBatch(client, 'queue', overdue, 20)).toEqual([gone.facts.leadId]);
    expect(seen).toEqual(['lead-0', 'lead-1', 'lead-2']);
    expect(signals).toEqual([
      [workflowId('lead-1'), GIVEN_BACK_SIGNAL],
      [workflowId('lead-0'), WITHDRAWN_SIGNAL],
    ]);
  });
});

test('New leads wait for workers from the first that starts late until two seconds after the last', () => {
  let now = 1_000_000;
  const rush = watchForRush(() => now);
  rush.started(new Date(now - 249));
  expect(rush.isOn).toBe(false);
  rush.started(new Date(now - 250));
  expect(rush.isOn).toBe(true);
  now += 1999;
  expect(rush.isOn).toBe(true);
  now += 1;
  expect(rush.isOn).toBe(false);
  rush.started(new Date(now - 250));
  // The clock is set back.
  now -= 3_600_000;
  expect(rush.isOn).toBe(false);
});
