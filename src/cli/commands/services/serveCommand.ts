import type { ConnectionLike } from '@temporalio/client';
import { Command } from 'commander';
import { readSettings } from '../../../config.js';
import { createLog } from '../../../log.js';
import type { RunningWorker } from '../../../worker/runWorker.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';
import { apiGraceMs, refusedToListen } from './apiCommands.js';
import { runService } from './runService.js';
import { WORKER_GRACE_MS } from './workerCommand.js';

export function serveCommand(): Command {
  return new Command('serve')
    .description('run the Lead API and a worker in one process (stop with Ctrl-C)')
    .action(serve);
}

async function serve(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'serve');
  await runService(log, apiGraceMs(settings) + WORKER_GRACE_MS, async () => {
    // Loaded here, so that the other commands don't wait for what only this one needs; and the worker after that, so that
    // the API takes leads while it is loaded and while it waits for Temporal.
    const [{ startApi }, { openAnswers }, { openNewLeads }, { gaugeSources, serveMetrics }] =
      await Promise.all([
        import('../../../api/server.js'),
        import('../../../redis/answers.js'),
        import('../../../store/leads/newLeads.js'),
        import('../../../metrics.js'),
      ]);
    const metrics = await serveMetrics(settings);
    const answers = await openAnswers(settings.REDIS_URL, log);
    const newLeads = openNewLeads();
    let shareConnection: (connection: ConnectionLike) => void = () => undefined;
    const connection = new Promise<ConnectionLike>((resolve) => (shareConnection = resolve));
    const api = await startApi(settings, log, { answers, newLeads, connection }).catch((error: unknown) => {
      throw (
        refusedToListen(error, settings, ['HOST', 'PORT']) ??
        explainDatabaseError(error, settings.MONGODB_URL)
      );
    });
    log.info({ event: 'listening', address: api.address });
    let running: RunningWorker | undefined;
    gaugeSources.ready = async () => ({ ...(await api.ready()), worker: running !== undefined });

    async function startWorker(): Promise<RunningWorker> {
      const [worker, { connectWorker }, { logSdkMessages }] = await Promise.all([
        import('../../../worker/startWorker.js'),
        import('../../../worker/runWorker.js'),
        import('../../../worker/sdkLog.js'),
      ]);
      logSdkMessages(log);
      const connecting = connectWorker(settings, log);
      connecting.then(shareConnection, () => undefined);
      const started = await worker.startWorker(settings, log, undefined, {
        answers,
        newLeads,
        connection: connecting,
      });
      running = started;
      gaugeSources.lastBackup = started.lastBackup;
      gaugeSources.heldPosts = started.heldPosts;
      return started;
    }

    const started = startWorker();
    return {
      ready: started.then(() => ({ address: api.address })),
      ended: started.then(({ ended }) => ended),
      close: async () => {
        await api.close();
        await running?.stop();
        answers.close();
        await metrics.close();
      },
    };
  });
}
