import type { PersonHashes } from '../../market/limits/duplicates.js';
import {
  formerPersonKeys,
  personKeys,
  type Contact,
  type PersonKeys,
} from '../../market/fields/personKeys.js';
import type { Database } from '../db.js';
import type { KeyedHash } from '../secrets.js';

type WithVault = Pick<Database, 'vault'>;

/** The hashes that recognise the person: keyed hashes of `personKeys`. */
export async function matchOf(database: WithVault, contact: Contact): Promise<PersonHashes> {
  return matchOfKeys(database, personKeys(contact));
}

export const matchOfKeys = async ({ vault }: WithVault, keys: PersonKeys): Promise<PersonHashes> =>
  hashed(await vault.hash(), keys);

/**
 * Every match by which a suppression list may have the person: the present one, and that of older releases if it
 * differs.
 * @param sent the contact as sent: the former rule treated some spellings of a number as different
 */
export async function matchesOnLists({ vault }: WithVault, sent: Contact): Promise<PersonHashes[]> {
  const hash = await vault.hash();
  const [keys, former] = [personKeys(sent), formerPersonKeys(sent)];
  const isSame = keys.phone === former.phone && keys.email === former.email;
  return isSame ? [hashed(hash, keys)] : [hashed(hash, keys), hashed(hash, former)];
}

function hashed(hash: KeyedHash, { phone, email }: PersonKeys): PersonHashes {
  const match: PersonHashes = {};
  if (phone !== undefined) match.phone = hash('phone', phone);
  if (email !== undefined) match.email = hash('email', email);
  return match;
}
