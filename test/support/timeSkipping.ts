import { Client, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, IllegalStateError, Runtime } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivities } from '../../activities/index.js';
import type { SmtpSettings } from '../../src/buyers/outlets/email.js';
import { openOutlets } from '../../src/buyers/outlets/outlets.js';
import { openSender } from '../../src/buyers/send.js';
import { createLog } from '../../src/log.js';
import type { LeadFacts, OutcomeAnswer } from '../../src/market/model/lead.js';
import type { FinishedLead } from '../../src/market/wording/story.js';
import { readCircuits } from '../../src/store/fairness/circuits.js';
import { LeadWorker } from '../../src/worker/leadWorker.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { factsOf } from '../../src/store/leads/leads.js';
import type { LeadDocument } from '../../src/store/documents.js';
import { loadTerms } from '../../src/store/market/storedTerms.js';
import { LEAD_WORKFLOW, RESOLVE_POST_UPDATE, workflowId } from '../../src/temporal/names.js';
import { searchAttributeTypes } from '../../src/worker/registerSearchAttributes.js';
import { startLead, leadWorkflowOptions } from '../../src/temporal/startLead.js';
import { marketClock, type MarketClock, type ServerEvent } from './marketClock.js';
import { isolatedSettings, stackAddresses, timeSkippingServer, workflowBundle } from './stack.js';

/** Lead workflows on a Temporal server with time skipping, with a real database and real HTTP buyers. */
export interface LeadWorld {
  database: Database;
  clock: MarketClock;
  /** Waits for results in real time. The environment's own client skips ten years for an existing result. */
  client: Client;
  taskQueue: string;
  /**
   * Starts the lead as the API does; resolves with the early answer, while the workflow still runs its task.
   * @param answerBy time by which its source is answered, UTC ms
   */
  offer(lead: LeadDocument, answerBy?: number): Promise<OutcomeAnswer>;
  /** Starts the lead as the API does; resolves when it is answered and its workflow has completed the task. */
  submit(lead: LeadDocument): Promise<{ answer: OutcomeAnswer; handle: WorkflowHandle<LeadWorkflow> }>;
  /** Starts the lead's workflow as the sweep does. */
  start(lead: LeadFacts): Promise<void>;
  /** Clears cached terms after a change of the market. */
  marketChanged(): void;
  close(): Promise<void>;
}

type LeadWorkflow = (lead: ReturnType<typeof factsOf>) => Promise<FinishedLead>;

/** Addresses of a world's servers; by default those of the test run. */
export interface WorldServers {
  addresses: ReturnType<typeof stackAddresses>;
  /** Path of the time-skipping Temporal server. */
  timeSkipping: string;
  /** Path of the workflow bundle. */
  bundle: string;
}

/** The identity in Temporal, also in recorded histories: no machine name. */
const IDENTITY = 'test';

const ofTheRun = (): WorldServers => ({
  addresses: stackAddresses(),
  timeSkipping: timeSkippingServer(),
  bundle: workflowBundle(),
});

/** @param keepsTerms whether a campaign's terms are cached until `marketChanged` instead of read by each activity */
export async function openLeadWorld(
  { addresses, timeSkipping, bundle } = ofTheRun(),
  keepsTerms = false,
  mail: SmtpSettings = {},
): Promise<LeadWorld> {
  quiet();
  const settings = await isolatedSettings(mail, addresses);
  const database = openDatabase(settings);
  await ensureIndexes(database);
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: timeSkipping } },
  });
  await env.connection.operatorService.addSearchAttributes({
    searchAttributes: Object.fromEntries(searchAttributeTypes),
  });
  const clock = marketClock(env);
  const sender = openSender(settings);
  const kept = new Map<string, ReturnType<typeof loadTerms>>();
  const terms = (campaign: string): ReturnType<typeof loadTerms> => {
    const found = kept.get(campaign) ?? loadTerms(database, campaign);
    if (keepsTerms) kept.set(campaign, found);
    return found;
  };
  let reading: ReturnType<typeof readCircuits> | undefined;
  /** Requests to several buyers at a time read the circuits once. */
  const circuits = (): ReturnType<typeof readCircuits> => {
    reading ??= readCircuits(database).finally(() => (reading = undefined));
    return reading;
  };
  const log = createLog(settings, 'test');
  const taskQueue = randomUUID();
  /** The sources that wait for the outcomes of their leads. */
  const sources = new Map<string, (outcome: OutcomeAnswer) => void>();
  const worker = await LeadWorker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: bundle },
    identity: IDENTITY,
    activities: clock.onTime(
      createActivities({
        database,
        terms,
        circuits,
        send: sender.send,
        outlets: openOutlets(settings, { send: sender.send }),
        announce: (leadId, _answerTo, outcome) => sources.get(leadId)?.(outcome),
        log,
      }),
    ),
  });
  const running = worker.run();
  const client = new Client({ connection: env.connection, identity: IDENTITY });
  const offer = async (lead: LeadDocument, answerBy?: number): Promise<OutcomeAnswer> => {
    const answer = new Promise<OutcomeAnswer>((resolve) => sources.set(lead._id, resolve));
    const facts = { ...factsOf(lead), answerBy, answerTo: 'test' };
    await client.workflow.start<LeadWorkflow>(LEAD_WORKFLOW, leadWorkflowOptions(facts, taskQueue));
    return answer;
  };
  return {
    database,
    clock,
    client,
    taskQueue,
    offer,
    submit: async (lead) => {
      const answer = await offer(lead);
      const handle = client.workflow.getHandle<LeadWorkflow>(workflowId(lead._id));
      await taskIsOver(handle);
      return { answer, handle };
    },
    start: async (lead) => {
      await startLead(client, lead, taskQueue, { withinMs: 10_000 });
    },
    marketChanged: () => kept.clear(),
    close: async () => {
      worker.shutdown();
      await running;
      await clock.stop();
      await env.teardown();
      await sender.close();
      await database.db.dropDatabase();
      await database.client.close();
    },
  };
}

/** A workflow that is terminated in the middle of a task stops the test server's clock: wait for this before. */
export async function taskIsOver(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<void> {
  for (;;) {
    const { events } = await handle.fetchHistory();
    const { workflowTaskScheduledEventAttributes: scheduled, workflowTaskStartedEventAttributes: started } =
      events?.at(-1) ?? {};
    if (!scheduled && !started) return;
    await sleep(5);
  }
}

/** The end of a lead's workflow. */
export function endOf(
  handle: Pick<WorkflowHandle<LeadWorkflow>, 'result' | 'describe'>,
): ServerEvent<FinishedLead> {
  return {
    message: handle.result(),
    hasHappened: async () => {
      const { name } = (await handle.describe()).status;
      return name !== 'RUNNING' && name !== 'CONTINUED_AS_NEW';
    },
  };
}

/** Waits until the workflow has handled every signal that was sent before, by an update that it rejects. */
export async function hasHandledSignals(handle: Pick<WorkflowHandle, 'executeUpdate'>): Promise<void> {
  const rejected = await handle
    .executeUpdate(RESOLVE_POST_UPDATE, { args: [{ buyer: 'nobody', accepted: true }] })
    .catch((error: unknown) => error);
  if (!(rejected instanceof WorkflowUpdateFailedError)) throw rejected;
}

const warnings: string[] = [];
/** The warnings and errors of Temporal's SDK in this file. */
export const sdkWarnings: readonly string[] = warnings;

/** Keeps the SDK's log out of the test output. The SDK forgets it when no worker of the process is left. */
function quiet(): void {
  const logger = new DefaultLogger('WARN', ({ level, message }) => {
    warnings.push(message);
    if (level === 'ERROR') console.error(message);
  });
  try {
    Runtime.install({ logger });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
