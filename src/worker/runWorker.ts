import { Client } from '@temporalio/client';
import { NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import type { Settings, TemporalSettings } from '../config.js';
import type { Log } from '../log.js';
import { connectionOptions, openConnection, refusalBy } from '../temporal/connection.js';
import { registerSearchAttributes } from './registerSearchAttributes.js';
import { repeat } from '../temporal/repeat.js';
import { startRollout } from './rollout.js';
import { startSweep, type Overdue } from './sweep.js';
import { wakeOnce, type Wakes } from './wake.js';

export interface RunningWorker {
  /** Finishes what is under way, takes nothing new, and lets go of the connections. */
  stop(): Promise<void>;
  /** Rejects when the worker dies by itself. */
  ended: Promise<void>;
}

export interface WorkerParts {
  /** See `buildIdOf`. */
  buildId: string;
  activities: object;
  workflowBundle: WorkflowBundleOption;
  overdue: Overdue;
  wakes: Wakes;
  /** Settles reservations that a process left loose when it died; returns how many. */
  settleLoose: () => Promise<number>;
  /** Forgets counts that nothing asks for any more; returns how many. */
  pruneUsage: () => Promise<number>;
}

type WorkerSettings = TemporalSettings & Pick<Settings, 'TASK_QUEUE' | 'WORKER_ROLLOUT' | 'LEADS_IN_FLIGHT'>;

/** How often changes of the market are looked for, ms: leads that wait for days can wait for this. */
const WAKE_EVERY_MS = 1000;
const SETTLE_EVERY_MS = 30_000;
const PRUNE_EVERY_MS = 3_600_000;

/**
 * What the SDK allows a workflow's code without a break, five seconds, is over at once where the process stood still in
 * the middle of it; and Node ends a process in which a `vm` is interrupted so
 * (https://github.com/nodejs/node/issues/38503). The SDK takes another limit, but does not name it in its types.
 */
const UNDISTURBED: object = { isolateExecutionTimeout: '1 min' };

/** How long steps under way may take to finish when the worker is told to stop. */
const SHUTDOWN_GRACE = '15 s';

/**
 * Runs leads' workflows and their steps, and the sweep beside them. Waits for Temporal where it is not up yet.
 *
 * A workflow task is held while its local activities run, that is for as long as the slowest buyer takes, so the slots
 * are counted in leads in flight and not in cores.
 */
export async function runWorker(
  settings: WorkerSettings,
  parts: WorkerParts,
  log: Log,
): Promise<RunningWorker> {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TASK_QUEUE: taskQueue } = settings;
  const connection = await patiently(
    () => NativeConnection.connect(connectionOptions(settings)),
    address,
    log,
  );
  const clientConnection = openConnection(settings);
  const known = await patiently(() => registerSearchAttributes(clientConnection, namespace), address, log);
  if (known === 'unchecked') log.warn({ event: 'search_attributes_unchecked', namespace });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    activities: parts.activities,
    workflowBundle: parts.workflowBundle,
    maxConcurrentWorkflowTaskExecutions: settings.LEADS_IN_FLIGHT,
    maxConcurrentLocalActivityExecutions: settings.LEADS_IN_FLIGHT,
    maxConcurrentActivityTaskExecutions: settings.LEADS_IN_FLIGHT,
    shutdownGraceTime: SHUTDOWN_GRACE,
    ...UNDISTURBED,
    // Leads live for days: each goes on under the current build, and not under the one that it began with.
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName: taskQueue, buildId: parts.buildId },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  });
  const ended = worker.run();
  const rollout = startRollout(clientConnection, settings, parts.buildId, log);
  await Promise.race([rollout, ended]);
  const client = new Client({ connection: clientConnection, namespace });
  const beside = [
    await rollout,
    startSweep(client, taskQueue, parts.overdue, log),
    repeat(
      (signal) => client.withAbortSignal(signal, () => wakeOnce(client, parts.wakes)),
      { everyMs: WAKE_EVERY_MS, full: 1, done: { event: 'woken' }, failed: { event: 'woken_failed' } },
      log,
    ),
    repeat(
      parts.settleLoose,
      {
        everyMs: SETTLE_EVERY_MS,
        full: Infinity,
        done: { event: 'settled_loose' },
        failed: { event: 'settled_loose_failed' },
      },
      log,
    ),
    repeat(
      parts.pruneUsage,
      { everyMs: PRUNE_EVERY_MS, full: Infinity, failed: { event: 'prune_usage_failed' } },
      log,
    ),
  ];
  return {
    ended,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all([ended, ...beside.map(({ stop }) => stop())]);
      await Promise.all([connection.close(), clientConnection.close()]);
    },
  };
}

/** Repeats what needs Temporal until it is there; a worker that starts before its server is nobody's mistake. */
async function patiently<T>(connect: () => Promise<T>, address: string, log: Log): Promise<T> {
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return await connect();
    } catch (error) {
      const why = refusalBy(error) ?? (error instanceof Error ? error.message : 'unknown');
      log.warn({ event: 'waiting_for_temporal', address, why });
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
