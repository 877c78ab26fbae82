import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { SaleAnswer, SaleRequest } from '../activities/sellLead.js';
import type { Offer } from '../src/market/auction/decide.js';
import { DELIVERY, waitBeforeAttempt } from '../src/market/model/delivery.js';
import type { LeadFacts } from '../src/market/model/lead.js';
import { formatMoney } from '../src/market/money.js';
import type { Round } from '../src/market/model/round.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';
import { notifyCalledOff, notifyUnusedPost } from './notify.js';
import { cancelPost, deliverPost, forgottenPosts, sellLead, settlePost } from './steps.js';
import type { Story } from './story.js';

type Uncertain = Extract<SaleAnswer, { answer: 'uncertain' }>;

/** Sells to one buyer: once and quickly; where the answer is not clear, patiently and where ops can watch. */
export async function sell(lead: LeadFacts, round: Round, offer: Offer, story: Story): Promise<SaleAnswer> {
  const { number, terms } = round;
  const { maxBuyers, award } = terms.sale;
  const request: SaleRequest = {
    leadId: lead.leadId,
    round: number,
    sale: { maxBuyers, award },
    offer,
    campaign: { id: round.campaign, currency: terms.currency },
    now: Date.now(),
  };
  const first = await sellLead(request);
  if (first.answer !== 'uncertain') return first;
  if (!first.final) notifyUnusedPost(lead, round, { ...first, offer }, story);
  const price = formatMoney(offer.price, terms.currency);
  const last = first.final ? first : await again(request, first, price, story);
  return last.answer === 'uncertain' ? atTheEnd(lead, round, offer, last, story) : last;
}

/**
 * The same post once more, after the wait that the policy and the buyer's `Retry-After` ask for; not if the lead is
 * withdrawn meanwhile.
 */
async function again(
  request: SaleRequest,
  first: Uncertain,
  price: string,
  story: Story,
): Promise<SaleAnswer> {
  const { buyer, delivery } = request.offer;
  const wait = waitBeforeAttempt(2, 0, first.retryAfterMs, delivery);
  if (wait === undefined) return first;
  const why = `${buyer} gave no clear answer (${first.detail ?? 'unknown'}): the post is sent again`;
  if (await story.isWithdrawnWithin(wait, fitSummary(why))) return first;
  const post = { summary: fitSummary(`post to ${buyer} at ${price}`) };
  const deliver = () => deliverPost.executeWithOptions(post, [request]);
  return (await story.unlessWithdrawn(deliver)) ?? first;
}

/** The policy allows no further try, and the buyer may have taken the lead: what now, the contract says. */
async function atTheEnd(
  lead: LeadFacts,
  round: Round,
  offer: Offer,
  last: Uncertain,
  story: Story,
): Promise<SaleAnswer> {
  const { atEnd } = offer.delivery ?? DELIVERY;
  const { leadId } = lead;
  const { contract, buyer } = offer;
  if (atEnd === 'ask') {
    const answer = await askWhatBecame(leadId, offer, story);
    if (answer.answer !== 'uncertain') return answer;
  }
  if (atEnd === 'hold') {
    const accepted = await story.wordOfOps(offer, last.postId, round);
    if (accepted !== undefined) {
      const settle = { summary: fitSummary(`settle the post to ${buyer} by the word of ops`) };
      return settlePost.executeWithOptions(settle, [{ leadId, contract, accepted }]);
    }
  }
  const standing = await callOff(leadId, offer, { postId: last.postId, why: last.detail }, story);
  return standing === 'accepted' ? { answer: 'accepted' } : last;
}

/**
 * Asks the buyer's status address while it is silent, as often as a post is sent by default; of a withdrawn lead no more
 * than once after that.
 */
async function askWhatBecame(leadId: string, { contract, buyer }: Offer, story: Story): Promise<SaleAnswer> {
  const ask = { summary: fitSummary(`ask ${buyer} for the result of the post`) };
  let elapsed = 0;
  for (let attempt = 2; ; attempt += 1) {
    const answer = await settlePost.executeWithOptions(ask, [{ leadId, contract }]);
    const wait = waitBeforeAttempt(attempt, elapsed);
    if (answer.answer !== 'uncertain' || !answer.isSilent || wait === undefined) return answer;
    const again = `${buyer} did not report the result of the post: it is asked again`;
    if (await story.isWithdrawnWithin(wait, fitSummary(again))) return answer;
    elapsed += wait;
  }
}

/** Cancels orphaned posts of another run of this workflow; this run has no post in flight. */
export async function callOffForgotten(leadId: string, story: Story): Promise<void> {
  for (const post of await forgottenPosts({ leadId }))
    await callOff(leadId, post, { postId: post.postId }, story);
}

/** The lead moves on only after a first notice to the buyer; an undelivered notice is retried for days. */
async function callOff(
  leadId: string,
  { contract, buyer }: Pick<Offer, 'contract' | 'buyer'>,
  { postId, why }: { postId: string; why?: string },
  story: Story,
): Promise<'cancelled' | 'accepted'> {
  const notice = { leadId, contract, postId, why };
  const tell = { summary: fitSummary(`tell ${buyer} that the post is called off`) };
  try {
    return await cancelPost.executeWithOptions(tell, [notice]);
  } catch (error) {
    if (!isUndelivered(error)) throw error;
    notifyCalledOff(story, buyer, notice);
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
