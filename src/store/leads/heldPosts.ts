import type { Database } from '../db.js';
import type { Claim, StoredLead } from '../documents.js';
import { NOT_WITHDRAWN, ON_SALE } from './withdrawals.js';

/** A post without a clear answer that waits for the decision of ops. */
export interface HeldPost {
  contract: string;
  buyer: string;
  postId: string;
  since: Date;
  /** It is cancelled at this time. */
  until: Date;
}

/**
 * Holds a post for a decision by ops. The lead is pending until then, and the sweep ignores it before `until`. A repeat
 * changes nothing.
 */
export async function holdPost(
  { leads }: Pick<Database, 'leads'>,
  _id: string,
  contract: string,
  until: Date,
): Promise<void> {
  const path = `claims.${contract}`;
  const isPosting = { _id, [`${path}.status`]: 'posting' };
  const now = new Date();
  await leads.updateOne(
    { ...isPosting, [`${path}.held`]: { $exists: false } },
    { $set: { [`${path}.held`]: { since: now, until } }, $addToSet: { heldForOps: contract } },
  );
  // A withdrawn lead stays due, so that the sweep notifies its workflow.
  await leads.updateOne(
    { ...isPosting, ...ON_SALE, ...NOT_WITHDRAWN },
    { $set: { status: 'pending', reason: 'uncertain', dueAt: until, updatedAt: now } },
  );
}

/** The held posts of a lead. */
export const heldPostsOf = ({ claims }: Pick<StoredLead, 'claims'>): HeldPost[] =>
  Object.entries(claims).flatMap(([contract, { status, held, buyer, postId }]: [string, Claim]) =>
    status === 'posting' && held !== undefined ? [{ contract, buyer, postId, ...held }] : [],
  );

/** Leads with held posts. Matches any contract: the sparse index excludes leads with an empty list. */
export const HELD_FOR_OPS = { heldForOps: { $gt: '' } };

/** The number of held posts, and the time of the oldest. */
export async function countHeldPosts({
  leads,
}: Pick<Database, 'leads'>): Promise<{ count: number; oldest: Date | undefined }> {
  const found = await leads.find(HELD_FOR_OPS).project<Pick<StoredLead, 'claims'>>({ claims: 1 }).toArray();
  const since = found.flatMap(heldPostsOf).map(({ since }) => since.getTime());
  return { count: since.length, oldest: since.length === 0 ? undefined : new Date(Math.min(...since)) };
}
