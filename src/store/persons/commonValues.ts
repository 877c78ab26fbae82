import { LRUCache } from 'lru-cache';
import type { PersonHashes } from '../../market/limits/duplicates.js';
import type { Database } from '../db.js';

/**
 * A phone number or e-mail address that leads of more persons than this have within 24 hours is common: it does not
 * identify a person, so duplicate rules ignore it. Leads are of different persons if their other contact differs; a
 * source that sends the same lead many times makes nothing common.
 */
export const MOST_PERSONS_A_DAY = 20;

type Field = keyof PersonHashes;

const OTHER = { phone: 'email', email: 'phone' } as const;
const DAY_MS = 86_400_000;
/** The latest leads with a value that are read to decide. */
const SAMPLE = 5 * MOST_PERSONS_A_DAY;

/** Values that were found common, by hash, for an hour. */
const known = new LRUCache<string, true>({ max: 10_000, ttl: 3_600_000 });

/** The contacts that duplicate rules compare: without common values that this process knows. */
export const comparedOf = ({ phone, email }: PersonHashes): PersonHashes => ({
  phone: phone !== undefined && known.has(phone) ? undefined : phone,
  email: email !== undefined && known.has(email) ? undefined : email,
});

/**
 * The same, after a look at the leads of the last 24 hours. It is called for a lead that would be a duplicate, so other
 * leads cost nothing.
 */
export async function findCompared({ leads }: Pick<Database, 'leads'>, match: PersonHashes) {
  const since = new Date(Date.now() - DAY_MS);
  const isCommon = async (field: Field): Promise<void> => {
    const hash = match[field];
    if (hash === undefined || known.has(hash)) return;
    const other = `match.${OTHER[field]}`;
    const found = await leads
      .find({ [`match.${field}`]: hash, receivedAt: { $gte: since } }, { projection: { [other]: 1 } })
      .sort({ receivedAt: -1 })
      .limit(SAMPLE)
      .toArray();
    const persons = new Set(found.map((lead) => lead.match[OTHER[field]]));
    if (persons.size > MOST_PERSONS_A_DAY) known.set(hash, true);
  };
  await Promise.all([isCommon('phone'), isCommon('email')]);
  return comparedOf(match);
}
