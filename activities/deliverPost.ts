import { ApplicationFailure, Context } from '@temporalio/activity';
import { waitBeforeAttempt } from '../src/market/model/delivery.js';
import type { Deps } from './deps.js';
import { sellOnce, type SaleAnswer, type SaleRequest } from './sellLead.js';

/**
 * The same step as `sellLead`, patiently and where ops can watch: an uncertain answer is thrown, so that Temporal
 * shows the attempt, its error and when the next one is due. When the policy allows no further try, the answer is
 * `uncertain` permanently.
 */
export const deliverPost =
  (deps: Deps) =>
  async (request: SaleRequest): Promise<SaleAnswer> => {
    const answer = await sellOnce(deps, request, false);
    if (answer.answer !== 'uncertain' || answer.final) return answer;
    const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = Context.current().info;
    const elapsed = currentAttemptScheduledTimestampMs - scheduledTimestampMs;
    // The first try was the local one: this activity's attempt n is the post's n + 1, and the next one is n + 2.
    const wait = waitBeforeAttempt(attempt + 2, elapsed, answer.retryAfterMs, request.offer.delivery);
    if (wait === undefined) return answer;
    throw ApplicationFailure.create({
      type: 'Uncertain',
      message: `${request.offer.buyer} gave no clear answer: ${answer.detail ?? 'unknown'}`,
      nextRetryDelay: wait,
    });
  };
