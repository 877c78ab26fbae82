import {
  MongoClientBulkWriteError,
  type ClientBulkWriteModel,
  type ClientBulkWriteResult,
  type ClientSession,
  type Document,
  type MongoClient,
} from 'mongodb';
import { WRITE_ONLY_SESSION } from './localDatabase.js';

/** Reads and writes in one transaction, which the driver retries after a conflict. */
export const inTransaction = <T>(
  client: MongoClient,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> => client.withSession((session) => session.withTransaction(() => work(session)));

/**
 * Writes all or nothing, in one transaction of two round trips: the client's bulkWrite reaches all collections at once.
 * The transaction is retried after a conflict.
 * @param check inspects the results by the index of the write; if it throws, everything is rolled back
 */
export async function writeInTransaction<T extends Document>(
  client: MongoClient,
  writes: ClientBulkWriteModel<Record<string, T>>[],
  check: (result: ClientBulkWriteResult) => void = () => undefined,
): Promise<void> {
  await client.withSession(WRITE_ONLY_SESSION, (session) =>
    session.withTransaction(async () => {
      check(
        await client
          .bulkWrite<Record<string, T>>(writes, { session, verboseResults: true })
          .catch(rethrowServerError),
      );
    }),
  );
}

/**
 * For the client's `bulkWrite` in a transaction: the driver's wrapper hides the label of a write conflict, which
 * `withTransaction` needs to retry.
 */
export function rethrowServerError(error: unknown): never {
  if (error instanceof MongoClientBulkWriteError && error.cause !== undefined) throw error.cause;
  throw error;
}

/** The index that an error is a duplicate key of; undefined for other errors. */
export function duplicateKeyOf(error: unknown): string | undefined {
  if (error instanceof MongoClientBulkWriteError) {
    return [...error.writeErrors.values()].find(({ code }) => code === 11000)?.message;
  }
  const isDuplicate = typeof error === 'object' && error !== null && 'code' in error && error.code === 11000;
  if (!isDuplicate) return undefined;
  const pattern = 'keyPattern' in error ? (error.keyPattern as Record<string, unknown>) : {};
  return Object.keys(pattern).join(',') || ('message' in error ? String(error.message) : 'unknown');
}
