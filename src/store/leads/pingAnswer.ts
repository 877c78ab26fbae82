import { Binary } from 'mongodb';
import type { SealedAnswer } from '../../market/model/round.js';
import type { KeptAnswer } from '../../market/protocol/scope.js';
import { decrypt, encrypt } from '../cipher.js';
import type { LeadDocument } from '../documents.js';
import type { Vault } from '../vault.js';

/*
 * A buyer's answer to a ping may say anything, so it is encrypted under the lead's key and is erased with the person.
 */

const contextOf = (leadId: string, contract: string): string => `${leadId}/answer/${contract}`;

type Keyed = Pick<LeadDocument, '_id' | 'personKey'>;

/** Undefined if the lead has no person any more. */
export function sealPingAnswer(
  vault: Pick<Vault, 'masterKeys'>,
  { _id, personKey }: Keyed,
  contract: string,
  answer: KeptAnswer,
): SealedAnswer | undefined {
  if (personKey === undefined) return undefined;
  const key = vault.masterKeys().unwrap(personKey, _id);
  return encrypt(key, Buffer.from(JSON.stringify(answer)), contextOf(_id, contract));
}

/**
 * @throws MasterKeyError if the master key is not configured
 * @throws Error if the answer was modified or belongs elsewhere
 */
export function openPingAnswer(
  vault: Pick<Vault, 'masterKeys'>,
  { _id, personKey }: Keyed,
  contract: string,
  sealed: SealedAnswer | undefined,
): KeptAnswer | undefined {
  if (personKey === undefined || !(sealed instanceof Binary)) return undefined;
  const key = vault.masterKeys().unwrap(personKey, _id);
  return JSON.parse(decrypt(key, sealed, contextOf(_id, contract)).toString()) as KeptAnswer;
}
