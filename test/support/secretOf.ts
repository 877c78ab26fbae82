import type { Database } from '../../src/store/db.js';
import { findSecrets, type Recipient } from '../../src/store/keys/signing.js';

/** The secret with which a buyer's or seller's server checks signatures. */
export async function secretOf(database: Database, kind: Recipient['kind'], id: string): Promise<string> {
  const [secret] = (await findSecrets(database, { kind, id }))?.secrets ?? [];
  if (secret === undefined) throw new Error(`The ${kind} ${id} has no secret`);
  return secret;
}
