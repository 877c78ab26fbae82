import { createActivities } from '../../activities/index.js';
import { openSender } from '../buyers/send.js';
import type { Settings } from '../config.js';
import type { Log } from '../log.js';
import { cached } from '../store/cache.js';
import { ensureIndexes, openDatabase } from '../store/db.js';
import { factsOf, overdueLeads, postponeSweep } from '../store/leads.js';
import { loadTerms } from '../store/market.js';
import { logSdkMessages } from '../temporal/sdkLog.js';
import { runWorker, type RunningWorker } from '../temporal/worker.js';
import { workflowBundle } from '../temporal/workflowBundle.js';

/** Wires a worker: the database, the way to the buyers, the steps, the workflows. */
export async function startWorker(settings: Settings, log: Log): Promise<RunningWorker> {
  logSdkMessages(log);
  const database = openDatabase(settings);
  const sender = openSender();
  const bundle = workflowBundle();
  await ensureIndexes(database);
  const activities = createActivities({
    database,
    terms: cached((campaign) => loadTerms(database, campaign)),
    send: sender.send,
    log,
  });
  const overdue = {
    find: async (before: Date, limit: number) => (await overdueLeads(database, before, limit)).map(factsOf),
    seenTo: (leadIds: string[], lookAgainAt: Date) => postponeSweep(database, leadIds, lookAgainAt),
  };
  const worker = await runWorker(settings, { activities, workflowBundle: await bundle, overdue }, log);
  return {
    ended: worker.ended,
    stop: async () => {
      await worker.stop();
      await sender.close();
      await database.client.close();
    },
  };
}
