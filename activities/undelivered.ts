import { ApplicationFailure } from '@temporalio/activity';
import type { Delivery } from '../src/buyers/notice.js';

/** The waits that `Retry-After` can ask for, ms: as long as those between the tries without it (workflows/steps.ts). */
const SHORTEST_MS = 10_000;
const LONGEST_MS = 3_600_000;

/**
 * A notice that was not heard, as the failure that ops see and that Temporal tries again after; a clear no fails the
 * activity for good.
 */
export function undelivered(
  who: string,
  { final, detail, retryAfterMs }: Delivery & { delivered: false },
): Error {
  const asked = retryAfterMs === undefined ? 0 : Math.min(Math.max(retryAfterMs, SHORTEST_MS), LONGEST_MS);
  return ApplicationFailure.create({
    type: 'NoticeUndelivered',
    message: `${who} ${final ? 'refuses it' : 'has not heard it'}: ${detail}`,
    nonRetryable: final,
    ...(asked > 0 && { nextRetryDelay: asked }),
  });
}
