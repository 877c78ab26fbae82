import { randomBytes } from 'node:crypto';
import type { Binary } from 'mongodb';
import type { FieldValue } from '../../market/fields/reading.js';
import { decrypt, encrypt, KEY_BYTES } from '../cipher.js';
import type { LeadDocument, SealedFields, SealedPerson, StoredLead } from '../documents.js';
import type { Vault } from '../vault.js';

/** A value can be decrypted only in its place: in this lead, as this field. */
type Place = 'fields' | 'sent';
const textAt = (leadId: string, place: Place, name: string): string => `${leadId}/${place}/${name}`;
const listAt = (leadId: string, place: Place, name: string): string => `${leadId}/${place}.list/${name}`;
const phoneAt = (leadId: string): string => `${leadId}/phoneE164`;

/** A new lead in stored form, with its own encryption key. `withoutPerson` drops its fields and their names. */
export function sealLead(
  vault: Vault,
  { fields, sent, phoneE164, personKey: _personKey, ...lead }: LeadDocument,
): StoredLead {
  if (lead.withoutPerson) return { ...lead, unread: undefined, notes: undefined };
  const key = randomBytes(KEY_BYTES);
  const seal = (text: string, context: string): Binary => encrypt(key, Buffer.from(text), context);
  const sealAll = (values: Record<string, FieldValue>, place: Place): SealedFields =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'string'
          ? seal(value, textAt(lead._id, place, name))
          : { list: seal(JSON.stringify(value), listAt(lead._id, place, name)) },
      ]),
    );
  const person: SealedPerson = {
    key: vault.masterKeys().wrap(key, lead._id),
    fields: sealAll(fields, 'fields'),
    sent: sent && sealAll(sent, 'sent'),
    phoneE164: phoneE164 === undefined ? undefined : seal(phoneE164, phoneAt(lead._id)),
  };
  return { ...lead, person };
}

/**
 * Decrypts a stored lead; an erased one has no fields.
 * @throws MasterKeyError if the master key is not configured
 * @throws Error if a stored value was modified or belongs elsewhere
 */
export function openLead(vault: Pick<Vault, 'masterKeys'>, { person, ...lead }: StoredLead): LeadDocument {
  if (person === undefined) return { ...lead, fields: {} };
  const key = vault.masterKeys().unwrap(person.key, lead._id);
  const open = (sealed: Binary, context: string): string => {
    try {
      return decrypt(key, sealed, context).toString();
    } catch {
      throw new Error(`The stored value ${context} was modified, or was not made for this place`);
    }
  };
  const openAll = (sealed: SealedFields, place: Place): Record<string, FieldValue> =>
    Object.fromEntries(
      Object.entries(sealed).map(([name, value]) => [
        name,
        'list' in value
          ? (JSON.parse(open(value.list, listAt(lead._id, place, name))) as string[])
          : open(value, textAt(lead._id, place, name)),
      ]),
    );
  const { fields, sent, phoneE164 } = person;
  return {
    ...lead,
    personKey: person.key,
    fields: openAll(fields, 'fields'),
    sent: sent && openAll(sent, 'sent'),
    phoneE164: phoneE164 && open(phoneE164, phoneAt(lead._id)),
  };
}
