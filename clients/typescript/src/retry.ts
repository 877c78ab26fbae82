import { ApiError, NoAnswerError } from './errors.js';
import { backoff } from './pace.js';

/**
 * When to send a request again that has failed, ms from now; undefined if the same request can't succeed.
 * @param failures attempts that have failed
 */
export function retryAfter(error: unknown, failures: number): number | undefined {
  if (error instanceof NoAnswerError) return backoff(failures);
  if (!(error instanceof ApiError) || !error.isRetryable) return undefined;
  return Math.max(error.retryAfterMs ?? 0, backoff(failures));
}
