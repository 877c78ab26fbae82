import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { UncertainPost } from '../activities/roundReport.js';
import type { SaleAnswer } from '../src/market/life/round.js';
import { DELIVERY, waitBeforeAttempt } from '../src/market/model/delivery.js';
import { fitSummary } from '../src/temporal/sizeLimits.js';
import type { LeadOnSale } from './leadOnSale.js';
import { cancelPost, deliverPost, forgottenPosts, settlePost } from './steps.js';

/**
 * Settles a post without a clear answer: the buyer may have taken the lead. It is sent again as often as the contract's
 * policy allows. If it stays uncertain, the contract decides: ask the buyer, hold the post for ops, or cancel it.
 */
export async function deliver(lead: LeadOnSale, round: number, post: UncertainPost): Promise<void> {
  const { contract, buyer } = post;
  const { atEnd } = post.delivery ?? DELIVERY;
  const last = post.final ? undefined : await sendAgain(lead, round, post);
  if (last !== undefined && last.answer !== 'uncertain') return;
  if (atEnd === 'ask' && (await askBuyer(lead, post)).answer !== 'uncertain') return;
  if (atEnd === 'hold') {
    const accepted = await lead.decisionOfOps(post, round);
    if (accepted !== undefined) {
      const summary = fitSummary(`settle the post to ${buyer} by the decision of ops`);
      await settlePost.executeWithOptions({ summary }, [{ leadId: lead.id, contract, accepted }]);
      return;
    }
  }
  await cancel(lead, { ...post, why: last?.detail ?? post.detail });
}

/**
 * The same post again, after the wait that the policy and the buyer's `Retry-After` ask for. Undefined if no further
 * attempt is allowed or the lead is withdrawn.
 */
async function sendAgain(
  lead: LeadOnSale,
  round: number,
  { contract, buyer, price, detail, retryAfterMs, delivery }: UncertainPost,
): Promise<SaleAnswer | undefined> {
  const wait = waitBeforeAttempt(2, 0, retryAfterMs, delivery);
  if (wait === undefined) return undefined;
  const why = `${buyer} gave no clear answer (${detail ?? 'unknown'}): the post is sent again`;
  if (await lead.isWithdrawnWithin(wait, why)) return undefined;
  const summary = fitSummary(`post to ${buyer} at ${price}`);
  return lead.unlessWithdrawn(() =>
    deliverPost.executeWithOptions({ summary }, [{ leadId: lead.id, round, contract }]),
  );
}

/** Asks the buyer's status address until it answers, as often as a post is sent by default; a withdrawn lead's only once. */
async function askBuyer(lead: LeadOnSale, { contract, buyer }: UncertainPost): Promise<SaleAnswer> {
  const summary = fitSummary(`ask ${buyer} for the result of the post`);
  let elapsed = 0;
  for (let attempt = 2; ; attempt += 1) {
    const answer = await settlePost.executeWithOptions({ summary }, [{ leadId: lead.id, contract }]);
    const wait = waitBeforeAttempt(attempt, elapsed);
    if (answer.answer !== 'uncertain' || !answer.isSilent || wait === undefined) return answer;
    const why = `${buyer} did not report the result of the post: it is asked again`;
    if (await lead.isWithdrawnWithin(wait, why)) return answer;
    elapsed += wait;
  }
}

/** Cancels posts of another run of this workflow whose worker died. This run has no post in progress. */
export async function cancelOrphanedPosts(lead: LeadOnSale): Promise<void> {
  for (const post of await forgottenPosts({ leadId: lead.id })) await cancel(lead, post);
}

/** The lead goes on after one attempt to notify the buyer. An undelivered notice is retried for days. */
async function cancel(
  lead: LeadOnSale,
  { contract, buyer, postId, why }: Pick<UncertainPost, 'contract' | 'buyer' | 'postId'> & { why?: string },
): Promise<void> {
  const request = { leadId: lead.id, contract, postId, why };
  const summary = fitSummary(`tell ${buyer} that the post is called off`);
  try {
    await cancelPost.executeWithOptions({ summary }, [request]);
  } catch (error) {
    if (!isUndelivered(error)) throw error;
    lead.notifications.notifyOfCancellation(buyer, request);
  }
}

const isUndelivered = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'NoticeUndelivered';
