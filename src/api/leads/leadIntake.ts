import { metrics } from '../../metrics.js';
import type { Given } from '../../market/intake/given.js';
import type { LeadApiContext, RouteContext } from '../context.js';
import type { SellerKey } from '../plugins/auth.js';
import type { ReadCache } from '../readCache.js';
import { acceptLead } from './acceptLead.js';
import { createBacklog } from './backlog.js';
import { newLeadAnswer, storedLeadAnswer, withWarnings, type Answer } from './leadAnswer.js';
import { checkPing, takePingId } from './promisedLead.js';
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
  context.answers.onStarted((leadId) => backlog.started(leadId));

  return async (sent) => {
    const receivedAt = new Date();
    const { pingId, fields: given } = takePingId(sent.given);
    const { key } = sent;
    const read = await readRequest(cache, key, given);
    const owner = { seller: key.seller, campaign: read.campaign.id, test: key.test };
    const { fields } = read.reading.lead;
    const ping = pingId === undefined ? undefined : await checkPing(context.database, pingId, owner, fields);
    // An idempotency key stands for the whole request: another ping is another request.
    const request = { ...sent, ...read, receivedAt, ping };
    const taken = await acceptLead(context, { cache, backlog }, request);
    const { warnings } = read.reading;
    if ('repeated' in taken)
      return { answer: withWarnings(storedLeadAnswer(taken.repeated), warnings), isReplayed: true };
    const answer = withWarnings(newLeadAnswer(taken.lead, taken.outcome), warnings);
    metrics.leadAnswered(1, { campaign: read.campaign.id, status: answer.status });
    return { answer, isReplayed: false };
  };
}
