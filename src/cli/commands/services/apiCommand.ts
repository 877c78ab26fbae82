import { Command } from 'commander';
import { readSettings, type Settings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { refusedToListen } from './refusedToListen.js';
import { runService } from './runService.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';

/** Time for a balancer to notice, for what is left of the longest answer window, and to close the connections. */
const graceMs = (settings: Settings): number => settings.STOP_DELAY_MS + settings.ANSWER_WINDOW_MS + 10_000;

/** `gavel api` */
export function apiCommand(): Command {
  return new Command('api')
    .description('run the Lead API (stop with Ctrl-C); it logs one JSON object a line')
    .action(api);
}

async function api(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'api');
  await runService(log, graceMs(settings), async () => {
    // Loaded here, so that the other commands don't wait for what only this one needs.
    const [{ startApi }, { gaugeSources, serveMetrics }] = await Promise.all([
      import('../../../api/server.js'),
      import('../../../metrics.js'),
    ]);
    const metrics = await serveMetrics(settings);
    const running = await startApi(settings, log).catch((error: unknown) => {
      throw (
        refusedToListen(error, settings, ['HOST', 'PORT']) ??
        explainDatabaseError(error, settings.MONGODB_URL)
      );
    });
    gaugeSources.ready = () => running.ready();
    return {
      ready: { address: running.address },
      close: async () => {
        await running.close();
        await metrics.close();
      },
    };
  });
}
