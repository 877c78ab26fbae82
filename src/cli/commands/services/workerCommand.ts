import { Command } from 'commander';
import { readSettings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { runService } from './runService.js';
import { explained } from '../../../terminal/useDatabase.js';

/** More than the worker gives the steps under way (src/worker/runWorker.ts). */
const GRACE_MS = 25_000;

/** `gavel worker` */
export function workerCommand(): Command {
  return new Command('worker')
    .description('run a worker that executes lead workflows (stop with Ctrl-C)')
    .action(work);
}

async function work(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'worker');
  await runService(log, GRACE_MS, async () => {
    // Loaded here, so that the other commands don't wait for what only this one needs.
    const [{ startWorker }, { logSdkMessages }, { lookedUp, serveMetrics }] = await Promise.all([
      import('../../../worker/startWorker.js'),
      import('../../../worker/sdkLog.js'),
      import('../../../metrics.js'),
    ]);
    lookedUp.ready = async () => ({ worker: false });
    const metrics = await serveMetrics(settings);
    logSdkMessages(log);
    const worker = await startWorker(settings, log).catch((error: unknown) => {
      throw explained(error, settings.MONGODB_URL);
    });
    lookedUp.ready = async () => ({ worker: true });
    lookedUp.lastBackup = worker.lastBackup;
    lookedUp.heldPosts = worker.heldPosts;
    return {
      ended: worker.ended,
      close: async () => {
        await worker.stop();
        await metrics.close();
      },
    };
  });
}
