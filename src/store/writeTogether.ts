import type { ClientBulkWriteModel, ClientBulkWriteResult, Document, MongoClient } from 'mongodb';
import { rethrowCause } from './rethrowCause.js';

/**
 * Such a transaction reads nothing, so it needs no order among reads. Asking for one would put a read concern into the
 * repeat of a transaction that met a conflict, which SecantusDB refuses with `bulkWrite`.
 */
const blind = { causalConsistency: false };

/**
 * Writes all of it or nothing, in one transaction of two round trips: the client's bulkWrite reaches all collections at
 * once. It is repeated where another writer was in the way.
 * @param check looks at what was written, by the index of the write; what it throws undoes all of it
 */
export async function writeTogether<T extends Document>(
  client: MongoClient,
  writes: ClientBulkWriteModel<Record<string, T>>[],
  check: (result: ClientBulkWriteResult) => void = () => undefined,
): Promise<void> {
  await client.withSession(blind, (session) =>
    session.withTransaction(async () => {
      check(
        await client
          .bulkWrite<Record<string, T>>(writes, { session, verboseResults: true })
          .catch(rethrowCause),
      );
    }),
  );
}
