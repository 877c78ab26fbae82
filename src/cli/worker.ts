import { Command } from 'commander';
import { readSettings } from '../config.js';
import { createLog } from '../log.js';
import { untilStopped } from './untilStopped.js';
import { explained } from './useDatabase.js';

/** More than the worker gives the steps under way (src/temporal/worker.ts). */
const GRACE_MS = 25_000;

/** `gavel worker` */
export function workerCommand(): Command {
  return new Command('worker')
    .description('run a worker, which lives the leads’ workflows, until it is told to end')
    .action(work);
}

async function work(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'worker');
  // Loaded here, so that the other commands don't wait for what only this one needs.
  const [{ startWorker }, { serveMetrics }] = await Promise.all([
    import('./startWorker.js'),
    import('../metrics.js'),
  ]);
  const metrics = await serveMetrics(settings);
  const worker = await startWorker(settings, log).catch((error: unknown) => {
    throw explained(error, settings.MONGODB_URL);
  });
  const close = async (): Promise<void> => {
    await worker.stop();
    await metrics.close();
  };
  untilStopped(log, GRACE_MS, close);
  worker.ended.catch((error: unknown) => {
    log.fatal({ event: 'broken', error: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  });
}
