import { startWorker } from '../../src/cli/startWorker.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import type { RunningWorker } from '../../src/temporal/worker.js';
import { workflowBundle } from './stack.js';

/** A worker in the test's process, without log output. */
export const workerOf = (settings: Settings): Promise<RunningWorker> =>
  startWorker(settings, createLog({ LOG_LEVEL: 'silent' }, 'worker'), workflowBundle());
