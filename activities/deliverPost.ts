import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Offer } from '../src/market/auction/decide.js';
import type { SaleAnswer } from '../src/market/life/round.js';
import { waitBeforeAttempt } from '../src/market/model/delivery.js';
import { UnknownLeadError } from '../src/store/leads/leads.js';
import { findLeadForRound, findRound } from '../src/store/leads/rounds.js';
import type { Deps } from './deps.js';
import { saleRequest, sellAgain } from './sellLead.js';

export interface DeliveryRequest {
  leadId: string;
  round: number;
  contract: string;
}

/**
 * Sends a post again that got no clear answer. An uncertain answer is thrown, so that Temporal shows the attempt, its
 * error, and when the next one is due. When the policy allows no further attempt, the answer stays `uncertain`.
 */
export const deliverPost =
  (deps: Deps) =>
  async (delivery: DeliveryRequest): Promise<SaleAnswer> => {
    const request = await requestFor(deps, delivery);
    const answer = await sellAgain(deps, request);
    if (answer.answer !== 'uncertain' || answer.final) return answer;
    const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = Context.current().info;
    const elapsed = currentAttemptScheduledTimestampMs - scheduledTimestampMs;
    // The round made the first attempt: this activity's attempt n is the post's n + 1, and the next one is n + 2.
    const wait = waitBeforeAttempt(attempt + 2, elapsed, answer.retryAfterMs, request.offer.delivery);
    if (wait === undefined) return answer;
    throw ApplicationFailure.create({
      type: 'Uncertain',
      message: `${request.offer.buyer} gave no clear answer: ${answer.detail ?? 'unknown'}`,
      nextRetryDelay: wait,
    });
  };

async function requestFor({ database }: Deps, { leadId, round: number, contract }: DeliveryRequest) {
  const lead = await findLeadForRound(database, leadId);
  if (lead === null) throw new UnknownLeadError(leadId);
  const round = lead.rounds[number] ?? (await findRound(database, leadId, number));
  const entry = round?.entries.find((one) => one.contract === contract);
  const claim = lead.claims[contract];
  if (round === undefined || entry === undefined || !('bid' in entry) || claim === undefined)
    throw new Error(`Lead ${leadId} has no post to ${contract} in round ${number}`);
  const { buyer, exclusive, price, earns } = claim;
  const offer: Offer = { contract, buyer, exclusive, price, earns, bid: entry.bid, delivery: entry.delivery };
  return { ...saleRequest(lead, round, offer, Date.now()), lead };
}
