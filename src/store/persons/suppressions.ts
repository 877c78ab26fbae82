import { MongoBulkWriteError } from 'mongodb';
import type { PersonHashes } from '../../market/limits/duplicates.js';
import { sentContact } from '../../market/fields/personKeys.js';
import type { Database } from '../db.js';
import { IN_VALUES } from '../localDatabase.js';
import { duplicateKeyOf } from '../transaction.js';
import type { LeadDocument } from '../documents.js';
import { matchesOnLists } from './matchKeys.js';
import { NOT_WITHDRAWN, ON_SALE, withdraw, type LeadState } from '../leads/withdrawals.js';

export const EVERY_SELLER = '*';

/** Sellers' codes have no colon. */
const BUYER = 'buyer:';
export const buyerScope = (id: string): string => BUYER + id;
/** The buyer of a scope; undefined for sellers' lists. */
export const buyerOfScope = (scope: string): string | undefined =>
  scope.startsWith(BUYER) ? scope.slice(BUYER.length) : undefined;

const idOf = (scope: string, hash: string): string => `${scope}/${hash}`;

export const hashesOf = ({ phone, email }: PersonHashes): string[] =>
  [phone, email].flatMap((hash) => (hash === undefined ? [] : [hash]));

/** Adds persons to a list; returns the number of new ones. */
export async function addSuppressions(
  { suppressions }: Database,
  scope: string,
  matches: PersonHashes[],
): Promise<number> {
  const at = new Date();
  const documents = (['phone', 'email'] as const).flatMap((kind) =>
    matches.flatMap(({ [kind]: hash }) =>
      hash === undefined ? [] : [{ _id: idOf(scope, hash), scope, kind, at }],
    ),
  );
  if (documents.length === 0) return 0;
  try {
    return (await suppressions.insertMany(documents, { ordered: false })).insertedCount;
  } catch (error) {
    if (error instanceof MongoBulkWriteError && duplicateKeyOf(error) !== undefined)
      return error.insertedCount;
    throw error;
  }
}

/** Removes persons from a list; returns the number of removed ones. */
export async function removeSuppressions(
  { suppressions }: Database,
  scope: string,
  matches: PersonHashes[],
): Promise<number> {
  const ids = matches.flatMap(hashesOf).map((hash) => idOf(scope, hash));
  return (await suppressions.deleteMany({ _id: { $in: ids } })).deletedCount;
}

/** Whether there is a list of the seller or of all sellers. */
export async function hasSuppressions({ suppressions }: Database, seller: string): Promise<boolean> {
  // Ids that begin with a scope and a slash sort before the scope with the character that follows the slash.
  const ofScope = (scope: string) => ({ _id: { $gte: `${scope}/`, $lt: `${scope}0` } });
  const projection = { _id: 1 as const };
  const found = await Promise.all(
    [seller, EVERY_SELLER].map((scope) => suppressions.findOne(ofScope(scope), { projection })),
  );
  return found.some((one) => one !== null);
}

export async function hasBuyersLists({ suppressions }: Database): Promise<boolean> {
  // Ids that begin with `buyer:`; a semicolon is the character after a colon.
  const ofBuyers = { $gte: BUYER, $lt: 'buyer;' };
  return (await suppressions.findOne({ _id: ofBuyers }, { projection: { _id: 1 } })) !== null;
}

/** The buyers that have the person on their own lists. */
export async function listedBy(
  { suppressions }: Database,
  buyers: readonly string[],
  match: PersonHashes,
): Promise<Set<string>> {
  const scopes = [...new Set(buyers)].map(buyerScope);
  const ids = scopes.flatMap((scope) => hashesOf(match).map((hash) => idOf(scope, hash)));
  if (ids.length === 0) return new Set();
  const found = await suppressions.find({ _id: { $in: ids } }, { projection: { scope: 1 } }).toArray();
  return new Set(found.flatMap(({ scope }) => buyerOfScope(scope) ?? []));
}

/** Whether the person's phone or e-mail is on a list of the seller or of all sellers. */
export async function isSuppressed(
  database: Database,
  lead: Pick<LeadDocument, 'seller' | 'match' | 'fields' | 'sent'>,
): Promise<boolean> {
  const matches = [lead.match, ...(await matchesOnLists(database, sentContact(lead)))];
  const hashes = new Set(matches.flatMap(hashesOf));
  const ids = [...hashes].flatMap((hash) => [idOf(lead.seller, hash), idOf(EVERY_SELLER, hash)]);
  if (ids.length === 0) return false;
  return (await database.suppressions.findOne({ _id: { $in: ids } }, { projection: { _id: 1 } })) !== null;
}

/** The effect of a suppression list on leads that were on sale. */
export interface SuppressedLeads {
  withdrawn: number;
  /**
   * A buyer has a post of these in progress: they end as withdrawn unless that buyer accepts, and no other buyer gets
   * them.
   */
  withdrawing: number;
}

/**
 * Withdraws the leads of these persons that are on sale. A buyer's list withdraws none, because other buyers may buy
 * them.
 */
export async function withdrawSuppressed(
  database: Database,
  scope: string,
  matches: PersonHashes[],
): Promise<SuppressedLeads> {
  const sum: SuppressedLeads = { withdrawn: 0, withdrawing: 0 };
  if (buyerOfScope(scope) !== undefined) return sum;
  for (const kind of ['phone', 'email'] as const) {
    const hashes = matches.flatMap(({ [kind]: hash }) => hash ?? []);
    for (let i = 0; i < hashes.length; i += IN_VALUES) {
      const states = await withdrawMatching(database, scope, kind, hashes.slice(i, i + IN_VALUES));
      for (const state of states) if (state === 'withdrawn' || state === 'withdrawing') sum[state] += 1;
    }
  }
  return sum;
}

async function withdrawMatching(
  { leads }: Database,
  scope: string,
  kind: keyof PersonHashes,
  hashes: string[],
): Promise<(LeadState | undefined)[]> {
  const found = await leads
    .find({
      [`match.${kind}`]: { $in: hashes },
      ...ON_SALE,
      ...NOT_WITHDRAWN,
      seller: scope === EVERY_SELLER ? undefined : scope,
    })
    .project<{ _id: string }>({ _id: 1 })
    .toArray();
  return Promise.all(
    found.map(({ _id }) => withdraw({ leads }, _id, { asked: 'suppression', reason: 'suppressed' })),
  );
}

export interface SuppressionList {
  scope: string;
  phones: number;
  emails: number;
  changedAt: Date;
}

export async function suppressionLists({ suppressions }: Database): Promise<SuppressionList[]> {
  const count = (kind: keyof PersonHashes) => ({ $sum: { $cond: [{ $eq: ['$kind', kind] }, 1, 0] } });
  return suppressions
    .aggregate<SuppressionList>([
      {
        $group: { _id: '$scope', phones: count('phone'), emails: count('email'), changedAt: { $max: '$at' } },
      },
      { $sort: { _id: 1 } },
      { $project: { _id: 0, scope: '$_id', phones: 1, emails: 1, changedAt: 1 } },
    ])
    .toArray();
}
