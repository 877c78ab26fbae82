/** How patiently an uncertain post is sent again, and what holds when it stays uncertain. */
export interface DeliveryPolicy {
  /** Tries in all, the first included. */
  attempts: number;
  /** No try later than this after the second one was due, ms. */
  within: number;
  /** The first wait, ms; each further one is twice as long, up to an hour. */
  spacing: number;
  /**
   * What uncertainty at the end means. `moveOn`: the post is called off, the buyer is told, the lead goes to the next
   * bidder. `ask`: the buyer's status address is asked first. `hold`: ops decide, and the lead waits for them.
   */
  atEnd: 'moveOn' | 'ask' | 'hold';
  /** Whether a post that was called off may be offered anew in a later round: for a buyer that waits out its outages. */
  again: boolean;
}

/** In force where a contract says nothing: four tries, all within a minute. */
export const DELIVERY: DeliveryPolicy = {
  attempts: 4,
  within: 60_000,
  spacing: 1000,
  atEnd: 'moveOn',
  again: false,
};

/** What ops read of a post that is called off. @param why its last answer was not clear */
export const calledOffDetail = (why: string | undefined): string =>
  `no clear answer to the post${why === undefined ? '' : `: ${why}`}`;

/** So long after its receipt a lead is held for ops at the least, ms; longer where its campaign gives it longer. */
export const HELD_MS = 7 * 86_400_000;

const LONGEST_WAIT_MS = 3_600_000;

/**
 * How long to wait before try number `attempt` (2 is the first repeat), ms: at least what the buyer's `Retry-After` asks.
 * Undefined when the policy allows no further try: the post stays uncertain.
 * @param elapsed since the second try was due, ms
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
