import { startWorker } from '../../src/worker/startWorker.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { workflowBundle } from './stack.js';

/** A worker in the test's process, without log output. */
export const workerOf = (settings: Settings): Promise<RunningWorker> =>
  startWorker(settings, createLog({ LOG_LEVEL: 'silent' }, 'worker'), workflowBundle());
