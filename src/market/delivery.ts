/** How patiently an uncertain post is sent again. */
export interface DeliveryPolicy {
  /** Tries in all, the first included. */
  attempts: number;
  /** No try later than this after the second one was due, ms. */
  within: number;
}

/** In force for every contract: four tries, all within a minute. */
export const DELIVERY: DeliveryPolicy = { attempts: 4, within: 60_000 };

/**
 * How long to wait before try number `attempt` (2 is the first repeat), ms: a second, two, four …, and at least what
 * the buyer's `Retry-After` asks. Undefined when the policy allows no further try: the post stays uncertain.
 * @param elapsed since the second try was due, ms
 */
export function waitBefore(
  attempt: number,
  elapsed: number,
  retryAfterMs = 0,
  policy: DeliveryPolicy = DELIVERY,
): number | undefined {
  if (attempt > policy.attempts) return undefined;
  const wait = Math.max(1000 * 2 ** (attempt - 2), retryAfterMs);
  return elapsed + wait > policy.within ? undefined : wait;
}
