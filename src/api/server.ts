import { SettingsError, withoutCredentials, type Settings } from '../config.js';
import type { Log } from '../log.js';
import { ensureIndexes, openDatabase, type Database } from '../store/db.js';
import { openStarter } from '../temporal/starter.js';
import { buildApp } from './app.js';
import { openRedis } from './openRedis.js';

/** A source waits for the database: one that hangs is one that is away. */
const IMPATIENT = { connectTimeoutMS: 2000, socketTimeoutMS: 4000, waitQueueTimeoutMS: 4000 };

/** A running API. */
export interface RunningApi {
  /** `http://127.0.0.1:3000` */
  address: string;
  /** Ends open requests as they would have ended, then every connection. */
  close(): Promise<void>;
}

/**
 * Starts the API on the servers that the settings name.
 * @throws Error where the database does not answer or has other master keys, or the port is taken
 */
export async function startApi(settings: Settings, log: Log): Promise<RunningApi> {
  const database = openDatabase(settings, IMPATIENT);
  await prepareDatabase(settings, database);
  const redis = await openRedis(settings.REDIS_URL, log);
  const starter = openStarter(settings, log);
  const closeParts = async (): Promise<void> => {
    redis.disconnect();
    await Promise.all([starter.close(), database.client.close()]);
  };
  try {
    const app = await buildApp({ settings, database, redis, starter, log });
    const address = await app.listen({ host: settings.HOST, port: settings.PORT });
    const close = async (): Promise<void> => {
      await app.close();
      await closeParts();
    };
    return { address, close };
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
  } catch (cause) {
    await client.close();
    if (cause instanceof SettingsError) throw cause;
    const where = withoutCredentials(settings.MONGODB_URL);
    throw new Error(`The database at ${where} can't be used. Start it, or set MONGODB_URL.`, { cause });
  } finally {
    await database.client.close();
  }
}
