import { readSettings, type Settings } from '../../../config.js';
import { createLog } from '../../../log.js';
import { explainDatabaseError } from '../../../terminal/useDatabase.js';
import { refusedToListen } from './refusedToListen.js';
import { runService } from './runService.js';

/** One of the two APIs. */
interface Api {
  /** Its name in the log. */
  name: 'api' | 'admin';
  start: 'startApi' | 'startAdminApi';
  /** The settings of its address and port. */
  listensOn: Parameters<typeof refusedToListen>[2];
  /** How long draining may take. */
  graceMs: (settings: Settings) => number;
}

/** Runs an API and its metrics until a signal stops it. */
export async function runApi({ name, start, listensOn, graceMs }: Api): Promise<void> {
  const settings = readSettings();
  const log = createLog(settings, name);
  await runService(log, graceMs(settings), async () => {
    // Loaded here, so that the other commands don't wait for what only the APIs need.
    const [server, { gaugeSources, serveMetrics }] = await Promise.all([
      import('../../../api/server.js'),
      import('../../../metrics.js'),
    ]);
    const metrics = await serveMetrics(settings);
    const running = await server[start](settings, log).catch((error: unknown) => {
      throw refusedToListen(error, settings, listensOn) ?? explainDatabaseError(error, settings.MONGODB_URL);
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
