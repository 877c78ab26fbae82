import type { Database } from '../db.js';
import { rewrapKey } from '../masterKeys.js';
import type { WrappedKey } from '../documents.js';
import { rewrapHash } from '../secrets.js';
import { rewrapSecrets } from './signing.js';

/** So many at once: a round trip for each thousand, and no more in memory. */
const BATCH = 1000;

/**
 * Wraps every key in the database anew under the current master key, so that the others need not be kept. The keys
 * themselves stay, and with them all data. It can be broken off, begun again, and run beside everything else.
 * @param progress told how many leads have been done
 * @returns how many leads needed it
 * @throws MasterKeyError where the key of something stored is no longer among the master keys
 */
export async function rewrap(database: Database, progress: (done: number) => void): Promise<number> {
  const { leads, secrets, vault } = database;
  const masterKeys = vault.masterKeys();
  await rewrapHash(secrets, masterKeys);
  await rewrapSecrets(database);
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
          // A lead that was erased meanwhile gets no key back.
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
