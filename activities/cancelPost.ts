import { calledOffDetail } from '../src/market/model/delivery.js';
import { metrics } from '../src/metrics.js';
import { cancelPost as cancelStored } from '../src/store/sales/posts.js';
import type { Deps } from './deps.js';
import { recipientOf, sendCancellationTo } from './sellLead.js';
import { undelivered } from './undelivered.js';
import { findStoredLead } from '../src/store/leads/leads.js';

export interface CancelRequest {
  leadId: string;
  contract: string;
  /** The cancelled post; the contract may have been offered the lead again since. */
  postId: string;
  /** Why the last answer to it was not clear. */
  why?: string;
}

/**
 * Calls a post off: the claim is given up first, so that a yes that is still on its way can't be booked, then the
 * buyer is notified. Returns `accepted` if the acceptance was booked before. Throws until the notice is delivered, for
 * Temporal to try again, no sooner than the buyer asks for; a server that knows no such notice answers 4xx, and asking it
 * again is no use.
 */
export const cancelPost =
  (deps: Deps) =>
  async ({ leadId, contract, postId, why }: CancelRequest): Promise<'cancelled' | 'accepted'> => {
    const { database, log } = deps;
    const detail = calledOffDetail(why);
    const cancelled = await cancelStored(database, leadId, { contract, postId, detail });
    if (cancelled === undefined) return 'cancelled';
    const { lead, claim } = cancelled;
    if ((claim.status === 'accepted' || claim.status === 'returned') && claim.postId === postId)
      return 'accepted';
    const to = await recipientOf(deps, lead, contract);
    if (to === undefined || lead.sandbox !== undefined) return 'cancelled';
    const notice = await sendCancellationTo(deps, to, { postId, leadId });
    metrics.notificationAttempt(notice.ms, { kind: 'cancelled', delivered: String(notice.delivered) });
    const { delivered, detail: answer } = notice;
    log.info({ lead_id: leadId, contract, event: 'post_cancelled', delivered, detail: answer });
    if (notice.delivered || notice.final) return 'cancelled';
    throw undelivered(claim.buyer, notice);
  };

/** No try lasts longer: a step has 45 s (workflows/steps.ts), ms. */
const GRACE_MS = 60_000;

/**
 * Orphaned posts: still `posting`, but their worker died. A suspended worker leaves one when another continued without it.
 * A lead can't end while such a post may have been delivered.
 */
export const forgottenPosts =
  ({ database }: Deps) =>
  async ({ leadId }: { leadId: string }): Promise<{ contract: string; buyer: string; postId: string }[]> => {
    const lead = await findStoredLead(database, leadId);
    return Object.entries(lead?.claims ?? {}).flatMap(([contract, { status, at, buyer, postId }]) =>
      status === 'posting' && at.getTime() < Date.now() - GRACE_MS ? [{ contract, buyer, postId }] : [],
    );
  };
