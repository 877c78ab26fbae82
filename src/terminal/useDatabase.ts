import { MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { rawSetting, pickSettings, withoutCredentials } from '../config.js';
import { openDatabase, type Database } from '../store/db.js';
import { CommandFailed } from './commandFailed.js';

const NAMES = ['MONGODB_URL', 'MONGODB_DATABASE'] as const;

/**
 * Opens the database of the settings for one command that touches no person's data, and closes it after it. It has the
 * master keys if they are set: only some changes of the market sign something.
 */
export async function useDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
  return opened({ ...pickSettings(NAMES), MASTER_KEYS: rawSetting('MASTER_KEYS') }, use);
}

/** The same for a command that reads persons' data or looks for a person: it needs the master keys too. */
export async function useDatabaseWithKeys<T>(use: (database: Database) => Promise<T>): Promise<T> {
  return opened(pickSettings([...NAMES, 'MASTER_KEYS']), use);
}

async function opened<T>(
  settings: Parameters<typeof openDatabase>[0],
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const database = openDatabase(settings);
  try {
    await database.client.connect();
    return await use(database);
  } catch (error) {
    throw explainDatabaseError(error, settings.MONGODB_URL);
  } finally {
    await database.client.close();
  }
}

/** Replaces a driver's connection error by one that says what to do; other errors are returned unchanged. */
export function explainDatabaseError(error: unknown, url: string): unknown {
  const address = withoutCredentials(url);
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError) {
    const why = withoutCredentials(error.message);
    return new CommandFailed(
      `MongoDB at ${address} does not answer (${why}). Start it (\`npm start\` does), or set MONGODB_URL.`,
    );
  }
  if (error instanceof MongoServerError && (error.code === 18 || error.code === 13)) {
    return new CommandFailed(
      `MongoDB at ${address} refuses the user name or password of MONGODB_URL, or what they may do.`,
    );
  }
  return error;
}
