import { sendCancellation } from '../src/buyers/post.js';
import { calledOffDetail } from '../src/market/model/delivery.js';
import { metrics } from '../src/metrics.js';
import { holdOf } from '../src/store/books/book.js';
import { release } from '../src/store/sales/capacity.js';
import { releaseClaim } from '../src/store/sales/claims.js';
import { findLead } from '../src/store/leads/leads.js';
import type { Deps } from './deps.js';
import { buyerOf } from './sellLead.js';
import { undelivered } from './undelivered.js';

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
    const { database, send, log } = deps;
    const called = await releaseClaim(database, leadId, contract, postId, 'cancelled', {
      detail: calledOffDetail(why),
    });
    const lead = await findLead(database, leadId);
    const claim = lead?.claims[contract];
    if (lead === null || claim === undefined) return 'cancelled';
    if ((claim.status === 'accepted' || claim.status === 'returned') && claim.postId === postId)
      return 'accepted';
    if (called) await release(database, holdOf(lead, contract, claim), true);
    const buyer = await buyerOf(deps, lead, contract);
    if (buyer === undefined) return 'cancelled';
    const notice = await sendCancellation(send, { ...buyer.post, secret: buyer.secret }, { postId, leadId });
    metrics.notificationAttempt(notice.ms, { kind: 'cancelled', heard: String(notice.delivered) });
    log.info({
      lead_id: leadId,
      contract,
      event: 'post_cancelled',
      delivered: notice.delivered,
      detail: notice.detail,
    });
    if (notice.delivered || notice.final) return 'cancelled';
    throw undelivered(claim.buyer, notice);
  };
