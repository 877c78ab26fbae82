import { sendCancellation, sendPost, type PostResult } from '../src/buyers/post.js';
import type { Offer } from '../src/market/decide.js';
import { postId } from '../src/market/ids.js';
import type { LeadStatus } from '../src/market/lead.js';
import { bookSale } from '../src/store/book.js';
import { claimLead, releaseClaim } from '../src/store/claims.js';
import type { Claim, LeadDocument } from '../src/store/leads.js';
import { findBuyer, type BuyerWithSecret } from '../src/store/market.js';
import type { Deps } from './index.js';

export interface SaleRequest {
  leadId: string;
  round: number;
  maxBuyers: number;
  offer: Offer;
  /** The bid has grown too old to be used for a new post; one that was begun is still finished. */
  stale: boolean;
}

/**
 * What came of offering the lead to one buyer. `closed`: another hand ended the lead, or others hold it already.
 * `timeout`: the bid was stale. `retryAfterMs` is what the buyer asked for; `final`: asking again is no use.
 */
export type SaleAnswer =
  | { answer: 'accepted' }
  | { answer: 'refused' | 'timeout'; detail?: string }
  | { answer: 'uncertain'; detail?: string; retryAfterMs?: number; final?: true }
  | { answer: 'closed'; status: LeadStatus };

/** Sells to one buyer in one try: claim, post, book. Anything but a clear answer comes back as `uncertain`. */
export const sellLead =
  (deps: Deps) =>
  async (request: SaleRequest): Promise<SaleAnswer> => {
    const { leadId, round, maxBuyers, offer, stale } = request;
    const claimed = await claimLead(
      deps.database,
      leadId,
      offer.contract,
      { postId: postId(leadId, offer.contract), round, buyer: offer.buyer, price: offer.bid.price },
      stale ? 0 : maxBuyers,
    );
    if ('closed' in claimed) {
      return stale
        ? { answer: 'timeout', detail: 'the bid had grown too old' }
        : { answer: 'closed', status: claimed.closed };
    }
    const { lead, claim } = claimed;
    if (claim.status !== 'posting') return settledBefore(claim);

    const buyer = await buyerOf(deps, lead, offer.contract);
    if (buyer === undefined)
      return { answer: 'uncertain', detail: 'the buyer has left the market', final: true };
    const result = await sendPost(
      deps.send,
      { ...buyer.post, secret: buyer.secret },
      {
        postId: claim.postId,
        pingId: offer.bid.pingId,
        bidId: offer.bid.bidId,
        leadId,
        price: claim.price,
        currency: lead.currency,
        exclusive: maxBuyers === 1,
        test: lead.test,
        lead: lead.fields,
      },
    );
    const detail = result.answer === 'accepted' ? undefined : result.detail;
    deps.log.info({
      lead_id: leadId,
      round,
      contract: offer.contract,
      event: 'post',
      outcome: result.answer,
      detail,
      ms: result.ms,
    });
    return settle(deps, lead, claim, offer.contract, buyer, result);
  };

/** The answer that an earlier try got: the claim remembers it, and the buyer is not bothered again. */
function settledBefore(claim: Claim): SaleAnswer {
  switch (claim.status) {
    case 'accepted':
      return { answer: 'accepted' };
    case 'refused':
      return { answer: 'refused', detail: claim.detail };
    case 'cancelled':
    case 'posting':
      return { answer: 'uncertain', detail: claim.detail, final: true };
  }
}

/**
 * The buyer that a claim is for. Its contract may have left the market since the claim was made, and the post or its
 * cancellation must still reach the buyer, which stays in the store (see planApply).
 */
export async function buyerOf(
  deps: Deps,
  lead: LeadDocument,
  contract: string,
): Promise<BuyerWithSecret | undefined> {
  const market = await deps.terms(lead.campaign);
  const present = market?.contracts.find((candidate) => candidate.contract.id === contract)?.buyer;
  const claim = lead.claims[contract];
  return present ?? (claim && (await findBuyer(deps.database, claim.buyer)));
}

async function settle(
  deps: Deps,
  lead: LeadDocument,
  claim: Claim,
  contract: string,
  buyer: BuyerWithSecret,
  result: PostResult,
): Promise<SaleAnswer> {
  if (result.answer === 'refused') {
    await releaseClaim(deps.database, lead._id, contract, 'refused', result.detail);
    return { answer: 'refused', detail: result.detail };
  }
  if (result.answer === 'uncertain') return result;
  const booked = await bookSale(deps.database, lead, contract, claim, result.buyerLeadId);
  if (booked === 'accepted') return { answer: 'accepted' };
  // The yes came after the post was called off: the buyer hears once more that it was not sold the lead.
  await sendCancellation(
    deps.send,
    { ...buyer.post, secret: buyer.secret },
    { postId: claim.postId, leadId: lead._id },
  );
  return { answer: 'uncertain', detail: 'accepted after it was called off', final: true };
}
