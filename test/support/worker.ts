import { IllegalStateError } from '@temporalio/common';
import { startApi, type RunningApi } from '../../src/api/server.js';
import { openAnswers } from '../../src/redis/answers.js';
import { startWorker, type SharedWithApi } from '../../src/worker/startWorker.js';
import type { Settings } from '../../src/config.js';
import { openNewLeads } from '../../src/store/leads/newLeads.js';
import { createLog } from '../../src/log.js';
import { connectWorker, type RunningWorker } from '../../src/worker/runWorker.js';
import { logSdkMessages } from '../../src/worker/sdkLog.js';
import { workflowBundle } from './stack.js';

/**
 * A worker in the test's process, without log output. There can be several.
 * @param api what it shares with an API, as under `gavel serve`; by default it knows no API in its process
 */
export async function workerOf(settings: Settings, api?: SharedWithApi): Promise<RunningWorker> {
  quiet();
  return startWorker(settings, silent, workflowBundle(), api);
}

/** API and worker in the test's process, as under `gavel serve`. */
export async function serveOf(settings: Settings): Promise<{ api: RunningApi; stop: () => Promise<void> }> {
  quiet();
  const answers = await openAnswers(settings.REDIS_URL, silent);
  const shared = { answers, newLeads: openNewLeads(), connection: connectWorker(settings, silent) };
  const worker = await workerOf(settings, shared);
  const api = await startApi(settings, silent, shared);
  const stop = async (): Promise<void> => {
    await api.close();
    await worker.stop();
    answers.close();
  };
  return { api, stop };
}

const silent = createLog({ LOG_LEVEL: 'silent' }, 'worker');

/** Before anything else of the SDK is used. */
function quiet(): void {
  try {
    logSdkMessages(silent);
  } catch (error) {
    // Once in a process.
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
