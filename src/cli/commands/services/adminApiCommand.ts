import { Command } from 'commander';
import { readSettings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { refusedToListen } from './refusedToListen.js';
import { runService } from './runService.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';

/** More than an erasure needs that waits for its lead's workflow. */
const GRACE_MS = 10_000;

/** `gavel admin` */
export function adminApiCommand(): Command {
  return new Command('admin')
    .description('run the admin API (stop with Ctrl-C); it logs one JSON object a line')
    .action(admin);
}

async function admin(): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, 'admin');
  await runService(log, GRACE_MS, async () => {
    // Loaded here, so that the other commands don't wait for what only this one needs.
    const [{ startAdminApi }, { gaugeSources, serveMetrics }] = await Promise.all([
      import('../../../api/server.js'),
      import('../../../metrics.js'),
    ]);
    const metrics = await serveMetrics(settings);
    const running = await startAdminApi(settings, log).catch((error: unknown) => {
      throw (
        refusedToListen(error, settings, ['ADMIN_HOST', 'ADMIN_PORT']) ??
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
