import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection, type WorkerTuner, type WorkflowBundleOption } from '@temporalio/worker';
import type { Settings, TemporalSettings } from '../config.js';
import type { Log } from '../log.js';
import {
  connectionOptions,
  explainConnectionError,
  openConnection,
  type ConnectionSettings,
} from '../temporal/connection.js';
import { LeadWorker } from './leadWorker.js';
import { registerSearchAttributes } from './registerSearchAttributes.js';
import { runPeriodically } from '../temporal/runPeriodically.js';
import { startMail, type WaitingMail } from './mailSweep.js';
import { startRollout } from './rollout.js';
import { startSweep, type OverdueLeads, type Rush } from './sweep.js';
import { openCpuShare } from './cpuShare.js';
import { signalNextMarketChange, type MarketChanges } from './signalMarketChanges.js';

export interface RunningWorker {
  /** Finishes what is under way within 20 s, takes nothing new, and lets go of the connections. */
  stop(): Promise<void>;
  /** Rejects when the worker dies by itself. */
  ended: Promise<void>;
}

export interface WorkerServices {
  /** See `buildIdOf`. */
  buildId: string;
  activities: object;
  workflowBundle: WorkflowBundleOption;
  overdueLeads: OverdueLeads;
  rush: Pick<Rush, 'isOn'>;
  marketChanges: MarketChanges;
  waitingMail: WaitingMail;
  /** Settles orphaned reservations; returns how many. */
  settleOrphans: () => Promise<number>;
  /** Deletes counts that are no longer needed; returns how many. */
  pruneUsage: () => Promise<number>;
}

type WorkerSettings = TemporalSettings & Pick<Settings, 'TASK_QUEUE' | 'WORKER_ROLLOUT' | 'LEADS_IN_FLIGHT'>;

/** How often market changes are polled, ms: leads that wait for days can wait for this. */
const WAKE_EVERY_MS = 1000;
const MAIL_EVERY_MS = 5000;
const SETTLE_EVERY_MS = 30_000;
const PRUNE_EVERY_MS = 3_600_000;

/** The shares of the machine's CPU time and memory from which on it has none to spare. */
const BUSY_CPU = 0.9;
const BUSY_MEMORY = 0.95;
/** Leads that it has in hand even then. */
const FEW_LEADS = 6;
/**
 * Half for leads that are new to the worker, half for leads that it knows. More keep slots from leads; with one of each,
 * waiting leads that are woken are sold more slowly, and so are the new leads beside them.
 */
const POLLS = 6;
/** Slots that the polls for leads that it knows keep: their own, and that of the next poll. */
const POLL_SLOTS = 4;

/** How long steps under way may take to finish when the worker stops. */
const SHUTDOWN_GRACE = '15 s';
/**
 * When a stopping worker gives up its steps, ms: while the database is away, a lead's step fails at each attempt, and the
 * SDK repeats it without a limit. This is as safe as a crash, since each step finds what an earlier attempt has done. The
 * SDK's own limit (`shutdownForceTime`) throws before the steps have ended, and logs an error.
 */
const GIVEN_UP_AFTER_MS = 20_000;

/**
 * Runs leads' workflows and their steps, and the sweep beside them. Waits until Temporal is up.
 *
 * A workflow task is held while its local activities run, that is for as long as the slowest buyer takes, so its slots
 * are counted in leads in flight and not in cores.
 */
export async function runWorker(
  settings: WorkerSettings,
  services: WorkerServices,
  log: Log,
  connecting = connectWorker(settings, log),
): Promise<RunningWorker> {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TASK_QUEUE: taskQueue } = settings;
  const connection = await connecting;
  const clientConnection = openConnection(settings);
  const known = await retryUntilConnected(
    () => registerSearchAttributes(clientConnection, namespace),
    address,
    log,
  );
  if (known === 'unchecked') log.warn({ event: 'search_attributes_unchecked', namespace });
  const worker = await LeadWorker.create({
    connection,
    namespace,
    taskQueue,
    activities: services.activities,
    workflowBundle: services.workflowBundle,
    tuner: slots(settings.LEADS_IN_FLIGHT),
    // The SDK ignores `maxConcurrentWorkflowTaskPolls` where there is a tuner.
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: POLLS },
    nonStickyToStickyPollRatio: 0.5,
    shutdownGraceTime: SHUTDOWN_GRACE,
    // Leads live for days: each goes on under the current build, and not under the one that it began with.
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName: taskQueue, buildId: services.buildId },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  });
  const ended = worker.run();
  const rollout = startRollout(clientConnection, settings, services.buildId, log);
  await Promise.race([rollout, ended]);
  const client = new Client({ connection: clientConnection, namespace });
  const cpuShare = openCpuShare();
  const beside = [
    await rollout,
    startSweep(client, taskQueue, services, log),
    runPeriodically(
      (signal) =>
        client.withAbortSignal(signal, () =>
          signalNextMarketChange(client, services.marketChanges, cpuShare, signal),
        ),
      {
        everyMs: WAKE_EVERY_MS,
        repeatUntilIdle: true,
        done: { event: 'woken' },
        failed: { event: 'woken_failed' },
      },
      log,
    ),
    runPeriodically(
      (signal) => client.withAbortSignal(signal, () => startMail(client, taskQueue, services.waitingMail)),
      { everyMs: MAIL_EVERY_MS, failed: { event: 'mail_failed' } },
      log,
    ),
    runPeriodically(
      services.settleOrphans,
      {
        everyMs: SETTLE_EVERY_MS,
        done: { event: 'settled_orphans' },
        failed: { event: 'settled_orphans_failed' },
      },
      log,
    ),
    runPeriodically(
      services.pruneUsage,
      { everyMs: PRUNE_EVERY_MS, failed: { event: 'prune_usage_failed' } },
      log,
    ),
  ];
  return {
    ended,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      const late = sleep(GIVEN_UP_AFTER_MS, 'late' as const, { ref: false });
      const [how] = await Promise.all([Promise.race([ended, late]), ...beside.map(({ stop }) => stop())]);
      await clientConnection.close();
      // Steps that were given up use the worker's connection until the process exits.
      if (how === 'late') log.warn({ event: 'steps_given_up', after_ms: GIVEN_UP_AFTER_MS });
      else await connection.close();
    },
  };
}

/**
 * How many leads a worker has in hand at once. A lead that waits for its buyers costs no CPU time, so there are many slots
 * while the machine has some to spare, and few while it has none: further leads would only make each other slower. They
 * wait in Temporal's task queue, which gives the next free slot to a lead whose source waits, of the seller whose turn it
 * is.
 */
const slots = (most: number): WorkerTuner => ({
  workflowTaskSlotSupplier: {
    type: 'resource-based',
    tunerOptions: { targetCpuUsage: BUSY_CPU, targetMemoryUsage: BUSY_MEMORY },
    minimumSlots: Math.min(most, FEW_LEADS) + POLL_SLOTS,
    maximumSlots: most + POLL_SLOTS,
  },
  localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: most },
  activityTaskSlotSupplier: { type: 'fixed-size', numSlots: most },
  nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
});

/** The connection of a worker; an API in its process starts leads over it. Waits until Temporal is up. */
export const connectWorker = (settings: ConnectionSettings, log: Log): Promise<NativeConnection> =>
  retryUntilConnected(
    () => NativeConnection.connect(connectionOptions(settings)),
    settings.TEMPORAL_ADDRESS,
    log,
  );

/** Repeats what needs Temporal until it is there; a worker that starts before its server is nobody's mistake. */
async function retryUntilConnected<T>(connect: () => Promise<T>, address: string, log: Log): Promise<T> {
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await connect();
    } catch (error) {
      const why = explainConnectionError(error) ?? (error instanceof Error ? error.message : 'unknown');
      log.warn({ event: 'waiting_for_temporal', address, why });
      await sleep(wait);
    }
  }
}
