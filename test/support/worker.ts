import { IllegalStateError } from '@temporalio/common';
import { startWorker } from '../../src/worker/startWorker.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { logSdkMessages } from '../../src/worker/sdkLog.js';
import { workflowBundle } from './stack.js';

/** A worker in the test's process, without log output. There can be several. */
export async function workerOf(settings: Settings): Promise<RunningWorker> {
  const log = createLog({ LOG_LEVEL: 'silent' }, 'worker');
  try {
    logSdkMessages(log);
  } catch (error) {
    // Once in a process.
    if (!(error instanceof IllegalStateError)) throw error;
  }
  return startWorker(settings, log, workflowBundle());
}
