import { Command } from 'commander';
import { readSettings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';
import { apiGraceMs } from './apiCommand.js';
import { refusedToListen } from './refusedToListen.js';
import { runService } from './runService.js';
import { WORKER_GRACE_MS } from './workerCommand.js';

/** `gavel serve` */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the Lead API and a worker in one process (stop with Ctrl-C)')
    .action(serve);
}

async function serve(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'serve');
  await runService(log, apiGraceMs(settings) + WORKER_GRACE_MS, async () => {
    // Loaded here, so that the other commands don't wait for what only this one needs.
    const [{ startApi }, { startWorker }, { connectWorker }, { openAnswers }, { logSdkMessages }, metricsOf] =
      await Promise.all([
        import('../../../api/server.js'),
        import('../../../worker/startWorker.js'),
        import('../../../worker/runWorker.js'),
        import('../../../redis/answers.js'),
        import('../../../worker/sdkLog.js'),
        import('../../../metrics.js'),
      ]);
    const { gaugeSources, serveMetrics } = metricsOf;
    const metrics = await serveMetrics(settings);
    logSdkMessages(log);
    const answers = await openAnswers(settings.REDIS_URL, log);
    const shared = { answers, connection: connectWorker(settings, log) };
    const api = await startApi(settings, log, shared).catch((error: unknown) => {
      throw (
        refusedToListen(error, settings, ['HOST', 'PORT']) ??
        explainDatabaseError(error, settings.MONGODB_URL)
      );
    });
    let stopWorker = async (): Promise<void> => undefined;
    let isWorking = false;
    gaugeSources.ready = async () => ({ ...(await api.ready()), worker: isWorking });
    // It takes leads while the worker still waits for Temporal.
    log.info({ event: 'listening', address: api.address });
    const started = startWorker(settings, log, undefined, shared).then((worker) => {
      isWorking = true;
      stopWorker = () => worker.stop();
      gaugeSources.lastBackup = worker.lastBackup;
      gaugeSources.heldPosts = worker.heldPosts;
      return worker;
    });
    return {
      ready: started.then(() => ({ address: api.address })),
      ended: started.then(({ ended }) => ended),
      close: async () => {
        await api.close();
        await stopWorker();
        answers.close();
        await metrics.close();
      },
    };
  });
}
