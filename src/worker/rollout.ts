import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config.js';
import type { Log } from '../log.js';
import { runPeriodically, type PeriodicTask } from '../temporal/runPeriodically.js';

/*
 * Which build of the workers executes lead workflows (docs/upgrades.md). Temporal gives tasks to the workers of one build, the
 * current one; those of others have none. Leads move to it at their next step.
 */
export type RolloutSettings = Pick<Settings, 'TEMPORAL_NAMESPACE' | 'TASK_QUEUE' | 'WORKER_ROLLOUT'>;

/**
 * `current`: tasks come to this build. `waits`: they go to another. `unknown`: Temporal does not know this build yet; it
 * does once the first of its workers polls for tasks.
 */
export type RolloutState = 'current' | 'waits' | 'unknown';

/** How soon a worker that starts looks again whether Temporal knows its build, and how long it waits for that, ms. */
const SOON_MS = 100;
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 10_000;
/** A worker that is up asks for tasks at least once a minute: an ask of it is held for no longer, ms. */
const GONE_AFTER_MS = 90_000;

/**
 * Makes the build current where that is its turn, now and later; resolves once it is known how the build stands, or
 * after a while without.
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
    const standing = await look().catch((): RolloutState => 'unknown');
    if (standing === 'waits') log.warn({ event: 'build_waits', build: buildId });
    if (standing !== 'unknown') break;
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
 * Makes the build current if it is new, so that a release needs no command; or if no worker of the current build is
 * left, so that going back to an earlier release needs none either. A worker of an earlier build that starts again in
 * the middle of a release takes nothing back.
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
