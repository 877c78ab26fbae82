/** How often an uncertain post is retried, and what happens if it stays uncertain. */
export interface DeliveryPolicy {
  /** Number of attempts, including the first. */
  attempts: number;
  /** No attempt later than this after the second one was due, ms. */
  within: number;
  /** The first wait, ms. It doubles with each attempt, up to an hour. */
  spacing: number;
  /**
   * What to do if the post is still uncertain after all attempts. `moveOn`: cancel the post, notify the buyer, and
   * offer the lead to the next bidder. `ask`: first ask the buyer's status address. `hold`: ops decide, and the lead
   * waits for them.
   */
  atEnd: 'moveOn' | 'ask' | 'hold';
  /**
   * Whether a buyer with a cancelled post may be offered the lead again in a later round: for buyers that recover
   * from outages.
   */
  again: boolean;
}

/** The default policy: four attempts, all within a minute. */
export const DELIVERY: DeliveryPolicy = {
  attempts: 4,
  within: 60_000,
  spacing: 1000,
  atEnd: 'moveOn',
  again: false,
};

/**
 * The detail of a cancelled post, for ops.
 * @param why its last answer was not clear
 */
export const calledOffDetail = (why: string | undefined): string =>
  `no clear answer to the post${why === undefined ? '' : `: ${why}`}`;

/** How long after its receipt a lead is held for ops, ms. If its campaign's expiry is later, until then. */
export const HELD_MS = 7 * 86_400_000;

const LONGEST_WAIT_MS = 3_600_000;

/**
 * The wait before attempt number `attempt` (2 is the first retry), ms: at least the buyer's `Retry-After`. Undefined
 * if the policy allows no further attempt: the post stays uncertain.
 * @param elapsed since the second attempt was due, ms
 */
export function waitBeforeAttempt(
  attempt: number,
  elapsed: number,
  retryAfterMs = 0,
  policy: DeliveryPolicy = DELIVERY,
): number | undefined {
  if (attempt > policy.attempts) return undefined;
  const backoff = Math.min(policy.spacing * 2 ** (attempt - 2), LONGEST_WAIT_MS);
  const wait = Math.max(backoff, retryAfterMs);
  return elapsed + wait > policy.within ? undefined : wait;
}

/** The 4xx codes by which a server says "later", not "no" (docs/buyer.md). */
const LATER = [408, 425, 429];

/** Whether an HTTP status is a refusal that a retry can't change. */
export const isFinalRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && !LATER.includes(status);
