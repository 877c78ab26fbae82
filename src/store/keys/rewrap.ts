import type { Database } from '../db.js';
import { rewrapKey } from '../masterKeys.js';
import type { WrappedKey } from '../documents.js';
import { rewrapHash } from '../secrets.js';
import { rewrapPayloads } from '../leads/payloads.js';
import { rewrapNamedSecrets } from './namedSecrets.js';
import { rewrapSecrets } from './signing.js';

/** Leads per round trip, and in memory. */
const BATCH = 1000;

/**
 * Wraps every key in the database with the current master key, so that the others are no longer needed. The keys
 * themselves and all data stay. It can be interrupted, repeated, and run concurrently with everything else.
 * @param progress called with the number of leads done
 * @returns the number of leads that needed it
 * @throws MasterKeyError if the master key of a stored key is not configured
 */
export async function rewrap(database: Database, progress: (done: number) => void): Promise<number> {
  const { leads, secrets, vault } = database;
  const masterKeys = vault.masterKeys();
  await rewrapHash(secrets, masterKeys);
  await rewrapSecrets(database);
  await rewrapNamedSecrets(database);
  await rewrapPayloads(database);
  let [done, last] = [0, ''];
  for (;;) {
    const some = await leads
      .find({ _id: { $gt: last }, 'person.key.masterKey': { $exists: true, $ne: masterKeys.current } })
      .sort({ _id: 1 })
      .project<{ _id: string; person: { key: WrappedKey } }>({ 'person.key': 1 })
      .limit(BATCH)
      .toArray();
    const end = some.at(-1);
    if (end === undefined) return done;
    await leads.bulkWrite(
      some.map(({ _id, person }) => ({
        updateOne: {
          // A lead that was erased in the meantime gets no key again.
          filter: { _id, 'person.key': { $exists: true } },
          update: { $set: { 'person.key': rewrapKey(masterKeys, person.key, _id) } },
        },
      })),
      { ordered: false },
    );
    last = end._id;
    done += some.length;
    progress(done);
  }
}
