import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionLike } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../config.js';
import type { Log } from '../log.js';
import { openDatabase, type Database } from '../store/db.js';
import { ensureIndexes } from '../store/upkeep/indexes.js';
import type { NewLeads } from '../store/leads/newLeads.js';
import { warnOfRetention } from '../store/persons/retention.js';
import { openLeadStarter } from '../temporal/leadStarter.js';
import { buildAdminApi } from './admin/adminApp.js';
import { buildLeadApi } from './leadApi.js';
import { openAnswers, type Answers } from '../redis/answers.js';
import { openRedis } from '../redis/openRedis.js';
import type { ApiContext } from './context.js';
import { checkServices } from './routes/healthRoutes.js';

/** Sources wait for the database, so a database that does not respond in time counts as down. */
const SHORT_TIMEOUTS = { connectTimeoutMS: 2000, socketTimeoutMS: 4000, waitQueueTimeoutMS: 4000 };

export interface RunningApi {
  /** `http://127.0.0.1:3000` */
  address: string;
  /** The services that it needs, and whether each is up. */
  ready(): Promise<Record<string, boolean>>;
  /** Waits STOP_DELAY_MS, completes open requests, then closes all connections. */
  close(): Promise<void>;
}

export interface SharedWithWorker {
  answers: Answers;
  newLeads: NewLeads;
  /** The worker's connection, once it has one. */
  connection: Promise<ConnectionLike>;
}

/**
 * Starts the Lead API with the servers in the settings.
 * @throws Error if the database is down or has other master keys, or if the port is in use
 */
export async function startApi(settings: Settings, log: Log, worker?: SharedWithWorker): Promise<RunningApi> {
  const answers = worker?.answers ?? (await openAnswers(settings.REDIS_URL, log));
  const closeAnswers = (): void => {
    if (worker === undefined) answers.close();
  };
  try {
    const api = await start(settings, log, {
      build: (context) => buildLeadApi({ ...context, answers, newLeads: worker?.newLeads }),
      limits: SHORT_TIMEOUTS,
      host: settings.HOST,
      port: settings.PORT,
      stopDelayMs: settings.STOP_DELAY_MS,
      connection: worker?.connection,
    });
    return { ...api, close: () => api.close().finally(closeAnswers) };
  } catch (error) {
    closeAnswers();
    throw error;
  }
}

/**
 * Starts the admin API. It waits for the database as long as the command line does.
 * @throws Error as `startApi`
 */
export const startAdminApi = (settings: Settings, log: Log): Promise<RunningApi> =>
  start(settings, log, { build: buildAdminApi, host: settings.ADMIN_HOST, port: settings.ADMIN_PORT });

interface Server {
  build: (context: ApiContext) => Promise<FastifyInstance>;
  limits?: Parameters<typeof openDatabase>[1];
  host: string;
  port: number;
  stopDelayMs?: number;
  connection?: Promise<ConnectionLike>;
}

async function start(
  settings: Settings,
  log: Log,
  { build, limits, host, port, stopDelayMs, connection }: Server,
): Promise<RunningApi> {
  const database = openDatabase(settings, limits);
  await prepareDatabase(settings, database);
  const redis = await openRedis(settings.REDIS_URL, log);
  const starter = openLeadStarter(settings, log, connection);
  const closeServices = async (): Promise<void> => {
    // A planned close is not logged as an outage.
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
      await closeServices();
    };
    const ready = async (): Promise<Record<string, boolean>> => {
      const { parts: states } = await checkServices(context);
      return Object.fromEntries(Object.entries(states).map(([part, state]) => [part, state === 'ok']));
    };
    return { address, ready, close };
  } catch (error) {
    await closeServices();
    throw error;
  }
}

/**
 * Connects, creates indexes and checks keys. It uses a second client for that: indexing a large collection takes longer
 * than the timeouts for requests.
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
