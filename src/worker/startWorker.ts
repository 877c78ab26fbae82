import type { NativeConnection } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createActivities } from '../../activities/index.js';
import { openOutlets } from '../buyers/outlets/outlets.js';
import { openSender } from '../buyers/send.js';
import type { Settings } from '../config.js';
import { packageRoot } from '../packageRoot.js';
import type { Log } from '../log.js';
import { metrics } from '../metrics.js';
import { openAnnouncer, type Announcer } from '../redis/answers.js';
import { flushAnswers, pruneAnswers } from '../store/fairness/answers.js';
import { lastBackup } from '../store/upkeep/backup.js';
import { cached } from '../store/cache.js';
import { readCircuits } from '../store/fairness/circuits.js';
import { openDatabase } from '../store/db.js';
import { ensureIndexes } from '../store/upkeep/indexes.js';
import { countHeldPosts } from '../store/leads/heldPosts.js';
import { factsOf, notStarted, openOverdueLeads, postponeSweep } from '../store/leads/leads.js';
import type { NewLeads } from '../store/leads/newLeads.js';
import { loadTerms } from '../store/market/storedTerms.js';
import { pruneUsage } from '../store/sales/pruneUsage.js';
import { warnOfRetention } from '../store/persons/retention.js';
import { confirmCollected } from '../store/sales/capacity.js';
import { endOrphanedPings } from '../store/sales/pings.js';
import { contractsWithMail, postponeMail } from '../store/sales/mails.js';
import { settleOrphans } from '../store/sales/posts.js';
import { dropEndedSecrets, wrapPlainSecrets } from '../store/keys/signing.js';
import { isUpgradeDue } from '../store/upkeep/upgrade.js';
import { watchForRush } from './sweep.js';
import { nextMarketChange } from '../store/market/affectedLeads.js';
import { BUNDLE_PATH } from './bundleWorkflows.js';
import { scheduleDigest, scheduleRetention } from './schedules.js';
import { runWorker, type RunningWorker } from './runWorker.js';
import { buildIdOf } from './workerBuild.js';

/**
 * How long the database may take to answer, ms. A connection that has fallen silent would else hold up its own lead and
 * all that wait for the same terms, until the system gives it up after a quarter of an hour.
 */
const IMPATIENT = { connectTimeoutMS: 5000, socketTimeoutMS: 5000 };

interface StartedWorker extends RunningWorker {
  /** The moment that the last complete backup shows; undefined: there is none. */
  lastBackup: () => Promise<Date | undefined>;
  /** How many posts wait for the decision of ops, and since when the oldest of them does. */
  heldPosts: () => ReturnType<typeof countHeldPosts>;
}

/** What a worker shares with an API in its process. */
export interface SharedWithApi {
  answers: Announcer;
  newLeads: NewLeads;
  connection: Promise<NativeConnection>;
}

/**
 * Wires a worker: the database, the way to the buyers and to waiting sources, the steps, the workflows.
 * @param codePath the workflows' bundle
 */
export async function startWorker(
  settings: Settings,
  log: Log,
  codePath = BUNDLE_PATH,
  api?: SharedWithApi,
): Promise<StartedWorker> {
  const database = openDatabase(settings, IMPATIENT);
  const sender = openSender(settings);
  const answers = api?.answers ?? (await openAnnouncer(settings.REDIS_URL, log));
  const circuits = cached(() => readCircuits(database));
  await database.client.connect();
  await prepareDatabase(settings);
  const rush = watchForRush();
  const activities = createActivities({
    database,
    newLeads: api?.newLeads,
    terms: cached((campaign) => loadTerms(database, campaign)),
    circuits: () => circuits('all'),
    send: sender.send,
    outlets: openOutlets(settings, { send: sender.send }),
    started: ({ _id, receivedAt }, answerTo) => {
      rush.started(receivedAt);
      answers.started(_id, answerTo);
    },
    announce: (leadId, answerTo, outcome) => answers.announce(leadId, answerTo, outcome),
    log,
  });
  const findOverdue = openOverdueLeads(database);
  const overdueLeads = {
    find: async (before: Date, limit: number) =>
      (await findOverdue(before, limit)).map((lead) => ({
        facts: factsOf(lead),
        isWithdrawn: lead.withdrawal !== undefined,
      })),
    postpone: (leadIds: string[], lookAgainAt: Date) => postponeSweep(database, leadIds, lookAgainAt),
    waiting: (leadIds: string[]) => notStarted(database, leadIds),
  };
  const marketChanges = { next: () => nextMarketChange(database, new Date()) };
  const services = {
    buildId: settings.BUILD_ID ?? buildIdOf(release(), readFileSync(codePath, 'utf8')),
    activities,
    workflowBundle: { codePath },
    overdueLeads,
    rush,
    marketChanges,
    waitingMail: {
      find: (now: Date) => contractsWithMail(database, now),
      postpone: (contract: string, lookAgainAt: Date) => postponeMail(database, contract, lookAgainAt),
    },
    settleOrphans: async () => (await settleOrphans(database)) + (await endOrphanedPings(database)),
    pruneUsage: async () => {
      await dropEndedSecrets(database);
      const now = Date.now();
      return (await pruneAnswers(database, now)) + (await pruneUsage(database, now));
    },
  };
  // Served from 0 on, so that the first event is an increase.
  for (const status of ['expired', 'withdrawn']) metrics.unsold(0, { status });
  const worker = await runWorker(settings, services, log, api?.connection);
  // Leads are sold without these schedules; the next worker that starts makes them.
  const why = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
  await Promise.all([
    scheduleRetention(settings).catch((error: unknown) => {
      log.error({ event: 'retention_not_scheduled', why: why(error) });
    }),
    scheduleDigest(settings).catch((error: unknown) => {
      log.error({ event: 'digest_not_scheduled', why: why(error) });
    }),
  ]);
  await warnOfRetention(database, settings, log);
  if (await isUpgradeDue(database).catch(() => false)) log.warn({ event: 'upgrade_due' });
  return {
    ended: worker.ended,
    lastBackup: () => lastBackup(database),
    heldPosts: () => countHeldPosts(database),
    stop: async () => {
      await worker.stop();
      await Promise.allSettled([flushAnswers(database), confirmCollected(database)]);
      await sender.close();
      if (api === undefined) answers.close();
      await database.client.close();
    },
  };
}

/** Indexes, keys and secrets, by a client of its own: an index of a large collection takes longer than a lead may wait. */
async function prepareDatabase(settings: Settings): Promise<void> {
  const database = openDatabase(settings);
  try {
    await ensureIndexes(database);
    await database.vault.hash();
    await wrapPlainSecrets(database);
  } finally {
    await database.client.close();
  }
}

function release(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
