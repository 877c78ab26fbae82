import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config.js';
import type { Log } from '../log.js';
import { runPeriodically, type PeriodicTask } from '../temporal/runPeriodically.js';

/*
 * Which build of the workers executes lead workflows (docs/upgrades.md). Temporal gives tasks to the workers of one build, the
 * current one; workers of other builds get none. Leads move to the current build at their next step.
 */
export type RolloutSettings = Pick<Settings, 'TEMPORAL_NAMESPACE' | 'TASK_QUEUE' | 'WORKER_ROLLOUT'>;

/**
 * `current`: tasks go to this build. `waits`: they go to another one. `unknown`: Temporal does not know this build until
 * the first of its workers polls for tasks.
 */
export type RolloutState = 'current' | 'waits' | 'unknown';

/** How soon a worker that starts looks again whether Temporal knows its build, and how long it waits for that, ms. */
const SOON_MS = 100;
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 10_000;
/** A running worker polls for tasks at least once a minute, the maximum length of a long poll, ms. */
const GONE_AFTER_MS = 90_000;

/**
 * Makes the build current when it may be, now and periodically. Resolves once the build's state is known, or after a
 * timeout.
 */
export async function startRollout(
  connection: Connection,
  settings: RolloutSettings,
  buildId: string,
  log: Log,
): Promise<PeriodicTask> {
  const look = () => makeCurrentIfDue({ connection, settings, buildId, log });
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const state = await look().catch((): RolloutState => 'unknown');
    if (state === 'waits') log.warn({ event: 'build_waits', build: buildId });
    if (state !== 'unknown') break;
    await sleep(SOON_MS);
  }
  return runPeriodically(
    async (signal) => {
      await connection.withAbortSignal(signal, look);
      return 0;
    },
    { everyMs: LOOK_EVERY_MS, failed: { event: 'rollout_failed' } },
    log,
  );
}

interface Rollout {
  connection: Connection;
  settings: RolloutSettings;
  buildId: string;
  log: Log;
}

/**
 * Makes the build current if it is new, or if no worker of the current build is left. So neither a release nor a
 * rollback needs a command. A worker of an earlier build that restarts during a release does not revert it.
 */
export async function makeCurrentIfDue(
  { connection, settings, buildId, log }: Rollout,
  goneAfterMs = GONE_AFTER_MS,
): Promise<RolloutState> {
  const { TEMPORAL_NAMESPACE: namespace, TASK_QUEUE: deploymentName, WORKER_ROLLOUT } = settings;
  const { workflowService } = connection;
  const described = await workflowService
    .describeWorkerDeployment({ namespace, deploymentName })
    .catch(unlessUnknown);
  const { routingConfig, versionSummaries } = described?.workerDeploymentInfo ?? {};
  const own = versionSummaries?.find(({ deploymentVersion }) => deploymentVersion?.buildId === buildId);
  if (own === undefined) return 'unknown';
  const current = routingConfig?.currentDeploymentVersion?.buildId;
  if (current === buildId) return 'current';
  if (WORKER_ROLLOUT === 'manual') return 'waits';
  const wasActive = Boolean(own.firstActivationTime);
  if (wasActive && current) {
    const seen = await lastPollTime(connection, namespace, deploymentName, current);
    if (seen > Date.now() - goneAfterMs) return 'waits';
  }
  const { conflictToken } = described ?? {};
  await workflowService.setWorkerDeploymentCurrentVersion({
    namespace,
    deploymentName,
    buildId,
    conflictToken,
  });
  log.info({ event: 'build_current', build: buildId, instead_of: current });
  return 'current';
}

/** When a worker of that build last polled for tasks, UTC ms; 0 if none is known. */
async function lastPollTime(
  { workflowService }: Connection,
  namespace: string,
  taskQueue: string,
  buildId: string,
): Promise<number> {
  const { pollers } = await workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue } });
  const asked = pollers
    .filter(({ deploymentOptions }) => deploymentOptions?.buildId === buildId)
    .map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000);
  return Math.max(0, ...asked);
}

/** Of gRPC's status codes. */
const NOT_FOUND = 5;

function unlessUnknown(error: unknown): undefined {
  const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
  if (code !== NOT_FOUND) throw error;
}
