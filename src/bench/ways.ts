import { randomInt } from 'node:crypto';
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { Agent, request } from 'undici';
import { v7 } from 'uuid';
import type { Settings } from '../config.js';
import { SAMPLE } from '../local/demo/sample.js';
import type { Database } from '../store/db.js';
import { OUTCOME, workflowId } from '../temporal/names.js';
import type { Done } from './load.js';
import { storePlainLead } from './plainSteps.js';
import type { empty, plain } from './workflows/index.js';

/**
 * What is measured: `floor`, an empty workflow by Update-With-Start; `lead`, a whole lead over HTTP; `plain`, the same
 * sale with an activity for each step.
 */
export const WAYS = ['floor', 'lead', 'plain'] as const;
export type WayName = (typeof WAYS)[number];
export type Ways = Record<WayName, () => Promise<Done>>;

/** What one history holds. */
export interface History {
  workflowTasks: number;
  events: number;
}

export interface OpenWays {
  ways: Ways;
  /** Reads a workflow's history, once it has ended. */
  historyOf: (workflowId: string) => Promise<History>;
  close: () => Promise<void>;
}

const LeadAnswer = Compile(Type.Object({ lead_id: Type.String(), status: Type.String() }));

/** Who sends leads over HTTP: an API and one of its keys. */
export interface Source {
  api: string;
  key: string;
}

/** Opens the clients that the work is given by; those of the floor and of the plain way start their workflows themselves. */
export function openWays(settings: Settings, database: Database, source: Source): OpenWays {
  const connection = Connection.lazy({ address: settings.TEMPORAL_ADDRESS });
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
      await workflow.executeUpdateWithStart(OUTCOME, { startWorkflowOperation });
      return { workflowId: startWorkflowOperation.options.workflowId };
    },
    lead: () => sendLead(agent, source),
    async plain() {
      const leadId = await storePlainLead(database);
      const options = { workflowId: `plain-${leadId}`, taskQueue, args: [leadId] as [string] };
      const { sold } = await workflow.execute<typeof plain>('plain', options);
      return { workflowId: options.workflowId, sold };
    },
  };
  return {
    ways,
    async historyOf(id) {
      const handle = workflow.getHandle(id);
      await handle.result();
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

/** Leads come from different people, who are recognised by these two: one who came again and again would be another matter. */
function somebody(): { phone: string; email: string } {
  const line = String(randomInt(10_000)).padStart(4, '0');
  return { phone: `512-${randomInt(200, 1000)}-${line}`, email: `${v7()}@email.com` };
}

/**
 * Sends the sample lead, of somebody else each time, as a source does.
 * @throws Error where it is not taken
 */
async function sendLead(dispatcher: Agent, { api, key }: Source): Promise<Done> {
  const response = await request(`${api}/api/leads`, {
    dispatcher,
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...SAMPLE, ...somebody() }),
  });
  const text = await response.body.text();
  const answer: unknown = response.statusCode === 200 ? JSON.parse(text) : undefined;
  if (!LeadAnswer.Check(answer)) throw new Error(`A lead was answered with ${response.statusCode}: ${text}`);
  return { workflowId: workflowId(answer.lead_id), sold: answer.status === 'sold' };
}
