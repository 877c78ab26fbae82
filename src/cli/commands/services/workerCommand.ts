import { Command } from 'commander';
import { readSettings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { runService } from './runService.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';

/** More than the worker gives the steps under way (src/worker/runWorker.ts). */
export const WORKER_GRACE_MS = 25_000;

export function workerCommand(): Command {
  return new Command('worker')
    .description('run a worker that executes lead workflows (stop with Ctrl-C)')
    .action(work);
}

async function work(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'worker');
  await runService(log, WORKER_GRACE_MS, async () => {
    // Loaded here, so that the other commands don't wait for what only this one needs.
    const [{ startWorker }, { logSdkMessages }, { gaugeSources, serveMetrics }] = await Promise.all([
      import('../../../worker/startWorker.js'),
      import('../../../worker/sdkLog.js'),
      import('../../../metrics.js'),
    ]);
    gaugeSources.ready = async () => ({ worker: false });
    const metrics = await serveMetrics(settings);
    logSdkMessages(log);
    const worker = await startWorker(settings, log).catch((error: unknown) => {
      throw explainDatabaseError(error, settings.MONGODB_URL);
    });
    gaugeSources.ready = async () => ({ worker: true });
    gaugeSources.lastBackup = worker.lastBackup;
    gaugeSources.heldPosts = worker.heldPosts;
    return {
      ended: worker.ended,
      close: async () => {
        await worker.stop();
        await metrics.close();
      },
    };
  });
}
