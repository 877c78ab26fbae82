import { MongoClientBulkWriteError } from 'mongodb';

/**
 * For the client's `bulkWrite` inside a transaction: the driver's wrapper hides the label of a write conflict, by which
 * `withTransaction` knows to begin again.
 */
export function rethrowCause(error: unknown): never {
  if (error instanceof MongoClientBulkWriteError && error.cause !== undefined) throw error.cause;
  throw error;
}
