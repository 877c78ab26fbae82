import { randomBytes } from 'node:crypto';
import type { Binary } from 'mongodb';
import { decrypt, encrypt, KEY_BYTES } from './cipher.js';
import type { LeadDocument } from './leads.js';
import type { WrappedKey } from './masterKeys.js';
import type { Vault } from './vault.js';

/**
 * A person's data as the database has them: each value encrypted under a key that only this lead has, which in turn is
 * wrapped by a master key. Without the lead's key nothing of them can be read any more, in no copy of the database.
 */
export interface SealedPerson {
  key: WrappedKey;
  /** By name; the names themselves are the seller's words and not the person's. */
  fields: Record<string, Binary>;
  phoneE164?: Binary;
}

/** A lead as it is stored; `person` is absent once it was erased (src/store/erase.ts). Whoever needs no person reads it as it is. */
export type StoredLead = Omit<LeadDocument, 'fields' | 'phoneE164'> & { person?: SealedPerson };

/** A value can be read only in the place it was made for: in this lead, under this name. */
const fieldOf = (leadId: string, name: string): string => `${leadId}/fields/${name}`;
const phoneOf = (leadId: string): string => `${leadId}/phoneE164`;

/** A new lead as it is to be stored, with a key of its own. */
export function sealLead(vault: Vault, { fields, phoneE164, ...lead }: LeadDocument): StoredLead {
  const key = randomBytes(KEY_BYTES);
  const seal = (text: string, context: string): Binary => encrypt(key, Buffer.from(text), context);
  const sealed = Object.entries(fields).map(([name, text]): [string, Binary] => [
    name,
    seal(text, fieldOf(lead._id, name)),
  ]);
  const person: SealedPerson = {
    key: vault.masterKeys().wrap(key, lead._id),
    fields: Object.fromEntries(sealed),
    ...(phoneE164 !== undefined && { phoneE164: seal(phoneE164, phoneOf(lead._id)) }),
  };
  return { ...lead, person };
}

/**
 * A stored lead with its person's data; an erased one has no fields.
 * @throws MasterKeyError where the master key is not among those that are set
 * @throws Error where what is stored was changed or belongs elsewhere
 */
export function openLead(vault: Pick<Vault, 'masterKeys'>, { person, ...lead }: StoredLead): LeadDocument {
  if (person === undefined) return { ...lead, fields: {} };
  const key = vault.masterKeys().unwrap(person.key, lead._id);
  const open = (sealed: Binary, context: string): string => {
    try {
      return decrypt(key, sealed, context).toString();
    } catch {
      throw new Error(`What is stored as ${context} was changed, or was not made for this place`);
    }
  };
  const fields = Object.entries(person.fields).map(([name, sealed]): [string, string] => [
    name,
    open(sealed, fieldOf(lead._id, name)),
  ]);
  return {
    ...lead,
    fields: Object.fromEntries(fields),
    ...(person.phoneE164 && { phoneE164: open(person.phoneE164, phoneOf(lead._id)) }),
  };
}
