import type { LeadFields } from '../market/fields.js';
import type { Database } from './db.js';

/**
 * By what a person is recognised again, in a lead or on a list: keyed hashes of the phone number and the e-mail
 * address, each absent where the person gave none. They are found by an index and tell nothing of the person.
 */
export interface Match {
  /** Of the number as E.164, or of its digits where it is none. */
  phone?: string;
  /** Of the address in lower case. */
  email?: string;
}

/** By what the person of these fields is recognised; nothing where there is neither phone nor e-mail. */
export async function matchOf(
  { vault }: Pick<Database, 'vault'>,
  { fields, phoneE164 }: Pick<LeadFields, 'fields' | 'phoneE164'>,
): Promise<Match> {
  const hash = await vault.hash();
  const phone = phoneE164 ?? fields.phone?.replace(/\D/g, '');
  const email = fields.email?.trim().toLowerCase();
  return {
    ...(phone && { phone: hash('phone', phone) }),
    ...(email && { email: hash('email', email) }),
  };
}
