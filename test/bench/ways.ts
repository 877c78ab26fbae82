import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import { Agent } from 'undici';
import { v7 } from 'uuid';
import type { Settings } from '../../src/config.js';
import { openConnection } from '../../src/temporal/connection.js';
import type { Database } from '../../src/store/db.js';
import { OUTCOME_UPDATE, workflowId } from '../../src/temporal/names.js';
import type { Done } from './load.js';
import { storePlainLead } from './plainSteps.js';
import { sendLead, type Source } from './source.js';
import type { empty, plain } from './workflows/index.js';

/**
 * The measured ways: `floor`, an empty workflow by Update-With-Start; `lead`, a whole lead over HTTP; `plain`, the same
 * sale with an activity for each step.
 */
export const WAYS = ['floor', 'lead', 'plain'] as const;
export type WayName = (typeof WAYS)[number];
export type Ways = Record<WayName, () => Promise<Done>>;

/** Counts of one history. */
export interface History {
  workflowTasks: number;
  events: number;
}

export interface OpenWays {
  ways: Ways;
  /** Reads a workflow's history after its end; undefined if it does not end soon or failed. */
  historyOf: (workflowId: string) => Promise<History | undefined>;
  close: () => Promise<void>;
}

/** Differs in each answer. */
const REQUEST_ID = /,"request_id":"[^"]*"/;

/** A lead answered `pending` may last until its campaign's expiry, ms. */
const HISTORY_WITHIN_MS = 10_000;

/** Counts a failed piece of work instead of failing the run. */
async function settled(work: () => Promise<Done>): Promise<Done> {
  try {
    return await work();
  } catch (error) {
    return { failed: String(error) };
  }
}

/** Opens the clients of the ways. Those of the floor and of the plain way start their workflows directly. */
export function openWays(settings: Settings, database: Database, source: Source): OpenWays {
  const connection = openConnection(settings);
  const { workflow } = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const taskQueue = BENCH_QUEUE;
  const agent = new Agent();
  const ways: Ways = {
    async floor() {
      const startWorkflowOperation = new WithStartWorkflowOperation<typeof empty>('empty', {
        workflowId: `floor-${v7()}`,
        taskQueue,
        workflowIdConflictPolicy: 'FAIL',
      });
      await workflow.executeUpdateWithStart(OUTCOME_UPDATE, { startWorkflowOperation });
      return { workflowId: startWorkflowOperation.options.workflowId };
    },
    async lead() {
      const { status, leadId, sold, text } = await sendLead(agent, source);
      if (leadId === undefined) return { failed: `${status} ${text.replace(REQUEST_ID, '')}` };
      return { workflowId: workflowId(leadId), sold };
    },
    async plain() {
      const leadId = await storePlainLead(database);
      const options = { workflowId: `plain-${leadId}`, taskQueue, args: [leadId] as [string] };
      const { sold } = await workflow.execute<typeof plain>('plain', options);
      return { workflowId: options.workflowId, sold };
    },
  };
  return {
    ways: {
      floor: () => settled(ways.floor),
      lead: () => settled(ways.lead),
      plain: () => settled(ways.plain),
    },
    async historyOf(id) {
      const handle = workflow.getHandle(id);
      const isOver = await Promise.race([
        handle.result().then(() => true),
        sleep(HISTORY_WITHIN_MS, false, { ref: false }),
      ]).catch(() => false);
      if (!isOver) return undefined;
      const { events } = await handle.fetchHistory();
      const tasks = events?.filter((event) => event.workflowTaskStartedEventAttributes) ?? [];
      return { workflowTasks: tasks.length, events: events?.length ?? 0 };
    },
    close: async () => {
      await connection.close();
      await agent.close();
    },
  };
}

/** The task queue of the floor and of the plain way. */
export const BENCH_QUEUE = 'bench';
