import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';
import type { SaleAnswer, SaleRequest } from '../activities/sellLead.js';
import type { Offer } from '../src/market/decide.js';
import { waitBefore } from '../src/market/delivery.js';
import type { LeadFacts } from '../src/market/lead.js';
import { formatMoney } from '../src/market/money.js';
import type { Round } from '../src/market/round.js';
import { cancelPost, cancelPostDurably, deliverPost, sellLead } from './steps.js';
import type { Story } from './story.js';

/** A bid is good for this long after its round began, ms; a fixed price does not age. */
const BID_KEPT_MS = 120_000;

/** Sells to one buyer: once and quickly; where the answer is not clear, patiently and where ops can watch. */
export async function sell(lead: LeadFacts, round: Round, offer: Offer, story: Story): Promise<SaleAnswer> {
  const request: SaleRequest = {
    leadId: lead.leadId,
    round: round.number,
    maxBuyers: round.terms.maxBuyers,
    offer,
    stale: offer.bid.pingId !== undefined && Date.now() - round.at > BID_KEPT_MS,
  };
  const first = await sellLead(request);
  if (first.answer !== 'uncertain') return first;
  const last = first.final
    ? first
    : await again(request, first, formatMoney(offer.bid.price, round.terms.currency));
  if (last.answer !== 'uncertain') return last;
  const standing = await callOff(lead.leadId, offer, story);
  return standing === 'accepted' ? { answer: 'accepted' } : last;
}

/** The same post once more, after the wait that the policy and the buyer's `Retry-After` ask for. */
async function again(
  request: SaleRequest,
  first: Extract<SaleAnswer, { answer: 'uncertain' }>,
  price: string,
): Promise<SaleAnswer> {
  const { buyer } = request.offer;
  const wait = waitBefore(2, 0, first.retryAfterMs);
  if (wait === undefined) return first;
  await sleep(wait, {
    summary: `${buyer} gave no clear answer (${first.detail ?? 'unknown'}): the post is sent again`,
  });
  return deliverPost.executeWithOptions({ summary: `post to ${buyer} at ${price}` }, [request]);
}

/** The lead moves on only after the buyer was first told; a notice that does not get through is sent for days. */
async function callOff(leadId: string, offer: Offer, story: Story): Promise<'cancelled' | 'accepted'> {
  const notice = { leadId, contract: offer.contract };
  const summary = `tell ${offer.buyer} that the post is called off`;
  try {
    return await cancelPost.executeWithOptions({ summary }, [notice]);
  } catch (error) {
    if (!isUndelivered(error)) throw error;
    story.awaitNotice(cancelPostDurably.executeWithOptions({ summary }, [notice]));
    return 'cancelled';
  }
}

function isUndelivered(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'NoticeUndelivered'
  );
}
