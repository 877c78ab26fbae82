import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config.js';
import type { Log } from '../log.js';
import { openDatabase, type Database } from '../store/db.js';
import { ensureIndexes } from '../store/upkeep/indexes.js';
import { warnOfRetention } from '../store/persons/retention.js';
import { openLeadStarter } from '../temporal/leadStarter.js';
import { buildAdminApi } from './admin/adminApp.js';
import { buildLeadApi } from './leadApi.js';
import { openRedis } from './http/openRedis.js';
import type { ApiContext } from './context.js';
import { checkServices } from './routes/healthRoutes.js';

/** A source waits for the database: one that hangs is one that is away. */
const IMPATIENT = { connectTimeoutMS: 2000, socketTimeoutMS: 4000, waitQueueTimeoutMS: 4000 };

/** A running API. */
export interface RunningApi {
  /** `http://127.0.0.1:3000` */
  address: string;
  /** The parts that it needs, and whether each is there. */
  ready(): Promise<Record<string, boolean>>;
  /** Waits STOP_DELAY_MS, ends open requests as they would have ended, then every connection. */
  close(): Promise<void>;
}

/**
 * Starts the Lead API on the servers that the settings name.
 * @throws Error where the database does not answer or has other master keys, or the port is taken
 */
export const startApi = (settings: Settings, log: Log): Promise<RunningApi> =>
  start(settings, log, {
    build: buildLeadApi,
    limits: IMPATIENT,
    host: settings.HOST,
    port: settings.PORT,
    stopDelayMs: settings.STOP_DELAY_MS,
  });

/**
 * Starts the admin API, which waits for the database as long as the command line does.
 * @throws Error likewise
 */
export const startAdminApi = (settings: Settings, log: Log): Promise<RunningApi> =>
  start(settings, log, { build: buildAdminApi, host: settings.ADMIN_HOST, port: settings.ADMIN_PORT });

interface Server {
  build: (context: ApiContext) => Promise<FastifyInstance>;
  limits?: Parameters<typeof openDatabase>[1];
  host: string;
  port: number;
  stopDelayMs?: number;
}

async function start(
  settings: Settings,
  log: Log,
  { build, limits, host, port, stopDelayMs }: Server,
): Promise<RunningApi> {
  const database = openDatabase(settings, limits);
  await prepareDatabase(settings, database);
  const redis = await openRedis(settings.REDIS_URL, log);
  const starter = openLeadStarter(settings, log);
  const closeParts = async (): Promise<void> => {
    // Its end is no outage, so it is not logged as one.
    redis.removeAllListeners('close');
    redis.disconnect();
    await Promise.all([starter.close(), database.client.close()]);
  };
  try {
    await warnOfRetention(database, settings, log);
    let isStopping = false;
    const context = { settings, database, redis, starter, log, isStopping: () => isStopping };
    const app = await build(context);
    const address = await app.listen({ host, port });
    const close = async (): Promise<void> => {
      isStopping = true;
      if (stopDelayMs) await sleep(stopDelayMs);
      await app.close();
      await closeParts();
    };
    const ready = async (): Promise<Record<string, boolean>> => {
      const { parts: states } = await checkServices(context);
      return Object.fromEntries(Object.entries(states).map(([part, state]) => [part, state === 'ok']));
    };
    return { address, ready, close };
  } catch (error) {
    await closeParts();
    throw error;
  }
}

/**
 * Indexes and keys, by a client of its own: an index of a large collection takes longer than a source may wait. The
 * client for the requests is connected before the first of them comes.
 */
async function prepareDatabase(settings: Settings, { client }: Database): Promise<void> {
  const database = openDatabase(settings);
  try {
    await client.connect();
    await ensureIndexes(database);
    await database.vault.hash();
  } catch (error) {
    await client.close();
    throw error;
  } finally {
    await database.client.close();
  }
}
