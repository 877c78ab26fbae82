import { findStoredLead } from '../src/store/leads/leads.js';
import type { Deps } from './deps.js';

export interface ForgottenPost {
  contract: string;
  buyer: string;
  postId: string;
}

/** No try lasts longer: a step has 45 s (workflows/steps.ts), ms. */
const GRACE_MS = 60_000;

/**
 * Orphaned posts: still `posting`, but their worker died. A suspended worker leaves one when another continued without it.
 * A lead can't end while such a post may have been delivered.
 */
export const forgottenPosts =
  ({ database }: Deps) =>
  async ({ leadId }: { leadId: string }): Promise<ForgottenPost[]> => {
    const lead = await findStoredLead(database, leadId);
    return Object.entries(lead?.claims ?? {}).flatMap(([contract, { status, at, buyer, postId }]) =>
      status === 'posting' && at.getTime() < Date.now() - GRACE_MS ? [{ contract, buyer, postId }] : [],
    );
  };
