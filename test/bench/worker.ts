import { openSender } from '../../src/buyers/send.js';
import { runService } from '../../src/cli/commands/services/runService.js';
import { readSettings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { openDatabase } from '../../src/store/db.js';
import { logSdkMessages } from '../../src/worker/sdkLog.js';
import { runWorker } from '../../src/worker/runWorker.js';
import { bundleWorkflows } from '../../src/worker/bundleWorkflows.js';
import { plainSteps } from './plainSteps.js';

/**
 * The worker process of the empty and the plain workflow, with the options of the product's worker, on a separate task
 * queue.
 */
const settings = readSettings();
const log = createLog(settings, 'bench-worker');
logSdkMessages(log);
await runService(log, 20_000, async () => {
  const sender = openSender(settings);
  const database = openDatabase(settings);
  const nothing = { find: async () => [], postpone: async () => undefined, waiting: async () => [] };
  const worker = await runWorker(
    settings,
    {
      buildId: 'bench',
      activities: plainSteps(database, sender.send),
      workflowBundle: await bundleWorkflows(new URL('workflows', import.meta.url)),
      overdueLeads: nothing,
      rush: { isOn: false },
      marketChanges: { next: async () => undefined },
      waitingMail: nothing,
      settleOrphans: async () => 0,
      pruneUsage: async () => 0,
    },
    log,
  );
  return {
    ended: worker.ended,
    close: async () => {
      await worker.stop();
      await sender.close();
      await database.client.close();
    },
  };
});
