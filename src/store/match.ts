import type { Match } from '../market/duplicates.js';
import { textOf, type LeadFields } from '../market/fields.js';
import type { Database } from './db.js';

/** By what the person of these fields is recognised; nothing where there is neither phone nor e-mail. */
export async function matchOf(
  { vault }: Pick<Database, 'vault'>,
  { fields, phoneE164 }: Pick<LeadFields, 'fields' | 'phoneE164'>,
): Promise<Match> {
  const hash = await vault.hash();
  const phone = phoneE164 ?? textOf(fields, 'phone')?.replace(/\D/g, '');
  const email = textOf(fields, 'email')?.trim().toLowerCase();
  return {
    ...(phone && { phone: hash('phone', phone) }),
    ...(email && { email: hash('email', email) }),
  };
}
