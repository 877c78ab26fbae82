import { createHmac, randomBytes } from 'node:crypto';
import type { Collection } from 'mongodb';
import { KEY_BYTES } from './cipher.js';
import { duplicateKeyOf } from './transaction.js';
import { rewrapKey, type MasterKeys } from './masterKeys.js';
import type { SecretDocument } from './documents.js';

/**
 * A keyed hash (HMAC-SHA-256, base64url): equal texts of one kind have equal hashes. Without the key, nobody can try
 * out which of the few billion phone numbers a hash belongs to.
 */
export type KeyedHash = (kind: string, text: string) => string;

/** The context that the key of the hashes is wrapped with. */
const HASHES = 'hashes';

/**
 * Loads the hash of this database. The first caller creates its key, which never changes, even if its master key does:
 * suppression lists and duplicate checks compare with hashes from years ago.
 * @throws MasterKeyError if the configured master keys are not those of this database
 */
export async function loadHash(
  secrets: Collection<SecretDocument>,
  masterKeys: MasterKeys,
): Promise<KeyedHash> {
  const { key } = (await secrets.findOne({ _id: HASHES })) ?? (await makeKey(secrets, masterKeys));
  const secret = masterKeys.unwrap(key, HASHES);
  return (kind, text) => createHmac('sha256', secret).update(`${kind}\0${text}`).digest('base64url');
}

async function makeKey(secrets: Collection<SecretDocument>, masterKeys: MasterKeys): Promise<SecretDocument> {
  const made: SecretDocument = { _id: HASHES, key: masterKeys.wrap(randomBytes(KEY_BYTES), HASHES) };
  try {
    await secrets.insertOne(made);
    return made;
  } catch (error) {
    // Another process created the key first.
    const first = duplicateKeyOf(error) === undefined ? null : await secrets.findOne({ _id: HASHES });
    if (first === null) throw error;
    return first;
  }
}

/** Wraps the key of the hashes with the current master key. */
export async function rewrapHash(secrets: Collection<SecretDocument>, masterKeys: MasterKeys): Promise<void> {
  const { key } = (await secrets.findOne({ _id: HASHES })) ?? (await makeKey(secrets, masterKeys));
  await secrets.updateOne({ _id: HASHES }, { $set: { key: rewrapKey(masterKeys, key, HASHES) } });
}
