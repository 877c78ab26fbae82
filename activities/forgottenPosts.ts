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
 * Posts that were begun and that nobody is at any more: by a worker that slept while another went on without it, and then
 * died. A lead whose own workflow has nothing under way can't end while one of them may have been heard.
 */
export const forgottenPosts =
  ({ database }: Deps) =>
  async ({ leadId }: { leadId: string }): Promise<ForgottenPost[]> => {
    const lead = await findStoredLead(database, leadId);
    return Object.entries(lead?.claims ?? {}).flatMap(([contract, { status, at, buyer, postId }]) =>
      status === 'posting' && at.getTime() < Date.now() - GRACE_MS ? [{ contract, buyer, postId }] : [],
    );
  };
