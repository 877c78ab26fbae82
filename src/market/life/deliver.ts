import { DELIVERY, waitBeforeAttempt, type DeliveryPolicy } from '../model/delivery.js';
import type { SaleAnswer } from './round.js';

/** A post without a clear answer: the buyer may have taken the lead. */
export interface UncertainPost {
  contract: string;
  buyer: string;
  /** Why its last answer was not clear. */
  detail?: string;
  retryAfterMs?: number;
  /** Another attempt is of no use. */
  final?: true;
  delivery?: DeliveryPolicy;
}

/** How a post without a clear answer is settled. The answer is stored where the round finds it. */
export interface DeliveryPort<Post extends UncertainPost> {
  readonly isWithdrawn: boolean;
  /** Waits this long, or until the lead is withdrawn. */
  pause(ms: number, why: string): Promise<void>;
  /** Sends the post again as often as its policy allows; undefined if the lead is withdrawn before an answer. */
  sendAgain(post: Post): Promise<SaleAnswer | undefined>;
  askBuyer(post: Post): Promise<SaleAnswer>;
  /** Holds the post until ops decide; undefined if the lead is withdrawn or the time is over before. */
  decisionOfOps(post: Post): Promise<boolean | undefined>;
  settle(post: Post, accepted: boolean): Promise<void>;
  cancel(post: Post, why: string | undefined): Promise<void>;
}

/**
 * Settles a post without a clear answer. It is sent again as often as the contract's policy allows. If it stays uncertain,
 * the contract decides: ask the buyer, hold the post for ops, or cancel it.
 */
export async function deliver<Post extends UncertainPost>(
  lead: DeliveryPort<Post>,
  post: Post,
): Promise<void> {
  const { atEnd } = post.delivery ?? DELIVERY;
  const last = await sendAgain(lead, post);
  if (last !== undefined && last.answer !== 'uncertain') return;
  if (atEnd === 'ask' && (await askUntilAnswered(lead, post)).answer !== 'uncertain') return;
  if (atEnd === 'hold') {
    const accepted = await lead.decisionOfOps(post);
    if (accepted !== undefined) return lead.settle(post, accepted);
  }
  await lead.cancel(post, last?.detail ?? post.detail);
}

/** The second attempt comes after the wait that the policy and the buyer's `Retry-After` ask for. */
async function sendAgain<Post extends UncertainPost>(
  lead: DeliveryPort<Post>,
  post: Post,
): Promise<SaleAnswer | undefined> {
  const { buyer, detail = 'unknown', retryAfterMs, delivery, final = false } = post;
  const wait = final ? undefined : waitBeforeAttempt(2, 0, retryAfterMs, delivery);
  if (wait === undefined) return undefined;
  await lead.pause(wait, `${buyer} gave no clear answer (${detail}): the post is sent again`);
  return lead.isWithdrawn ? undefined : lead.sendAgain(post);
}

/** Asks as often as a post is sent by default; a withdrawn lead's buyer only once. */
async function askUntilAnswered<Post extends UncertainPost>(
  lead: DeliveryPort<Post>,
  post: Post,
): Promise<SaleAnswer> {
  let elapsed = 0;
  for (let attempt = 2; ; attempt += 1) {
    const answer = await lead.askBuyer(post);
    const wait = waitBeforeAttempt(attempt, elapsed);
    if (answer.answer !== 'uncertain' || !answer.isSilent || wait === undefined) return answer;
    await lead.pause(wait, `${post.buyer} did not report the result of the post: it is asked again`);
    if (lead.isWithdrawn) return answer;
    elapsed += wait;
  }
}
