import { ApplicationFailure } from '@temporalio/activity';
import type { Delivery } from '../src/buyers/notice.js';

/** The waits that `Retry-After` can ask for, ms: as long as those between the tries without it (workflows/steps.ts). */
const SHORTEST_MS = 10_000;
const LONGEST_MS = 3_600_000;

/**
 * The failure of an undelivered notice, as ops see it. Temporal retries it; after a clear refusal the activity fails
 * without retries.
 */
export function undelivered(
  who: string,
  { final, detail, retryAfterMs }: Delivery & { delivered: false },
): Error {
  const asked = retryAfterMs === undefined ? 0 : Math.min(Math.max(retryAfterMs, SHORTEST_MS), LONGEST_MS);
  return ApplicationFailure.create({
    type: 'NoticeUndelivered',
    message: `${who} ${final ? 'refuses it' : 'did not confirm it'}: ${detail}`,
    nonRetryable: final,
    ...(asked > 0 && { nextRetryDelay: asked }),
  });
}
