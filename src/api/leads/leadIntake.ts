import { metrics } from '../../metrics.js';
import type { Given } from '../../market/intake/given.js';
import type { LeadApiContext, RouteContext } from '../context.js';
import type { SellerKey } from '../plugins/auth.js';
import type { ReadCache } from '../readCache.js';
import { acceptLead } from './acceptLead.js';
import { createBacklog } from './backlog.js';
import { newLeadAnswer, storedLeadAnswer, withWarnings, type Answer } from './leadAnswer.js';
import { readRequest } from './readRequest.js';

/** One lead as a source sends it, alone or in a batch. */
export interface SentLead {
  key: SellerKey;
  given: Given;
  idempotencyKey: string | undefined;
  /** How long the source waits for the outcome, ms. */
  answerWithinMs: number;
}

/** The answer to a lead. */
export interface TakenLead {
  answer: Answer;
  /** It repeats an earlier request, whose lead the answer is about. */
  isReplayed: boolean;
}

/**
 * Reads, stores and sells a lead.
 * @throws OperationError for errors of the source; a database error if the lead could not be stored
 */
export type TakeLead = (sent: SentLead) => Promise<TakenLead>;

/** The options of plugins whose routes take leads. */
export interface LeadRouteContext extends RouteContext<LeadApiContext> {
  takeLead: TakeLead;
}

/** The way of a lead into this API process, whichever route it arrives by. */
export function createLeadIntake(context: LeadApiContext, cache: ReadCache): TakeLead {
  const backlog = createBacklog(context.settings.ANSWER_WINDOW_MS);
  context.answers.onAnswer((leadId) => backlog.finished(leadId));

  return async (sent) => {
    const receivedAt = new Date();
    const read = await readRequest(cache, sent.key, sent.given);
    const taken = await acceptLead(context, { cache, backlog }, { ...sent, ...read, receivedAt });
    const { warnings } = read.reading;
    if ('repeated' in taken)
      return { answer: withWarnings(storedLeadAnswer(taken.repeated), warnings), isReplayed: true };
    const answer = withWarnings(newLeadAnswer(taken.lead, taken.outcome), warnings);
    metrics.leadAnswered(1, { campaign: read.campaign.id, status: answer.status });
    return { answer, isReplayed: false };
  };
}
