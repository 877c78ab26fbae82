import { setTimeout as sleep } from 'node:timers/promises';
import { Client, WithStartWorkflowOperation } from '@temporalio/client';
import { v7 } from 'uuid';
import { openConnection } from '../../src/temporal/connection.js';
import { workflowId } from '../../src/temporal/names.js';
import type { ShapeName } from './market.js';
import { storePlainLead } from './plainSteps.js';
import { PATIENCE_MS, sendLead } from './source.js';
import type { Product, World } from './world.js';
import { FLOOR_UPDATE } from './workflows/floorUpdate.js';
import type { empty, plain } from './workflows/index.js';

/**
 * The measured ways: `floor`, an empty workflow by Update-With-Start; `lead`, a whole lead over HTTP; `plain`, the same
 * sale with an activity for each step.
 */
export const WAYS = ['floor', 'lead', 'plain'] as const;
export type WayName = (typeof WAYS)[number];

/** Result of one piece of work. */
export interface Done {
  /** Absent if no workflow was started. */
  workflowId?: string;
  /** Whether the lead was sold in time; the floor sells nothing. */
  sold?: boolean;
  /** Reason of a failure: status and text of the answer, or an error. */
  failed?: string;
}

/** Counts of one history. */
export interface History {
  workflowTasks: number;
  events: number;
  bytes: number;
}

export interface Ways {
  /** Does one piece of work; never rejects, and ends within half a minute. */
  go: (way: WayName, shape: ShapeName) => Promise<Done>;
  /** Reads a workflow's history after its end; undefined if it does not end soon or failed. */
  historyOf: (workflowId: string) => Promise<History | undefined>;
  close: () => Promise<void>;
}

/** Differs in each answer. */
const REQUEST_ID = /,"request_id":"[^"]*"/;

/** A lead answered `pending` may last until its campaign's expiry, ms. */
const HISTORY_WITHIN_MS = 10_000;

/** Turns errors and lateness into results. */
const settled = (work: Promise<Done>): Promise<Done> =>
  Promise.race([
    work.catch((error: unknown) => ({ failed: String(error) })),
    sleep(PATIENCE_MS, { failed: `no result within ${PATIENCE_MS / 1000} s` }, { ref: false }),
  ]);

/** Opens the clients of the ways. Those of the floor and of the plain way start their workflows directly. */
export function openWays({ settings, database, agent, key, seller }: World, { api }: Product): Ways {
  const connection = openConnection(settings);
  const { workflow } = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  const taskQueue = BENCH_QUEUE;
  const ways: Record<WayName, (shape: ShapeName) => Promise<Done>> = {
    async floor() {
      const startWorkflowOperation = new WithStartWorkflowOperation<typeof empty>('empty', {
        workflowId: `floor-${v7()}`,
        taskQueue,
        workflowIdConflictPolicy: 'FAIL',
      });
      await workflow.executeUpdateWithStart(FLOOR_UPDATE, { startWorkflowOperation });
      return { workflowId: startWorkflowOperation.options.workflowId };
    },
    async lead(shape) {
      const { status, leadId, sold, text } = await sendLead(agent, { api, key, seller }, { shape });
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
    go: (way, shape) => settled(ways[way](shape)),
    async historyOf(id) {
      const handle = workflow.getHandle(id);
      const isOver = await Promise.race([
        handle.result().then(() => true),
        sleep(HISTORY_WITHIN_MS, false, { ref: false }),
      ]).catch(() => false);
      if (!isOver) return undefined;
      const [{ events }, { historySize = 0 }] = await Promise.all([handle.fetchHistory(), handle.describe()]);
      const tasks = events?.filter((event) => event.workflowTaskStartedEventAttributes) ?? [];
      return { workflowTasks: tasks.length, events: events?.length ?? 0, bytes: historySize };
    },
    close: () => connection.close(),
  };
}

/** The task queue of the floor and of the plain way. */
export const BENCH_QUEUE = 'bench';
