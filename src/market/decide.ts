import type { Minor } from './money.js';
import type { LeadReason, Reason } from './reason.js';
import type { Bid, Entry, Outcome, Round } from './round.js';

/** One bidder in the order in which the lead is offered. */
export interface Offer {
  contract: string;
  buyer: string;
  bid: Bid;
}

/** What came of an offer; an offer never made has none. */
export type Answer =
  | { contract: string; answer: 'accepted' }
  | { contract: string; answer: 'refused' | 'uncertain' | 'timeout'; detail?: string };

/**
 * In which order the lead is offered: the highest bid at or above the floor first. Equal bids are ordered by a hash of
 * the round's lead and the contract: the same each time it is computed, and no buyer's id is favoured over many leads.
 */
export function decide(leadId: string, round: Round): Offer[] {
  return round.entries
    .flatMap((entry) => ('bid' in entry ? [entry] : []))
    .filter((entry) => entry.bid.price >= round.terms.floor)
    .map(({ contract, buyer, bid }) => ({ contract, buyer, bid, tie: fnv1a(`${leadId}/${contract}`) }))
    .sort((a, b) => b.bid.price - a.bid.price || a.tie - b.tie || (a.contract < b.contract ? -1 : 1))
    .map(({ contract, buyer, bid }) => ({ contract, buyer, bid }));
}

/** How the round ended for each contract, in its entries' order: a bid that won, or one reason. */
export function conclude(round: Round, answers: Answer[]): Outcome[] {
  const answerOf = new Map(answers.map((answer) => [answer.contract, answer]));
  return round.entries.map((entry) => outcome(entry, round.terms.floor, answerOf.get(entry.contract)));
}

function outcome(entry: Entry, floor: Minor, answer: Answer | undefined): Outcome {
  const { contract, buyer, ms } = entry;
  if ('noBid' in entry) return { contract, buyer, ms, sold: false, ...entry.noBid };
  const { price } = entry.bid;
  if (answer?.answer === 'accepted') return { contract, buyer, ms, price, sold: true };
  if (answer)
    return { contract, buyer, ms, price, sold: false, reason: answer.answer, detail: answer.detail };
  return { contract, buyer, ms, price, sold: false, reason: price < floor ? 'below_floor' : 'outbid' };
}

/** Why a round sold the lead to nobody: what came closest to a sale says it. */
export function unsoldReason(outcomes: Outcome[]): LeadReason {
  const reasons = new Set(outcomes.map((outcome) => (outcome.sold ? undefined : outcome.reason)));
  const closest = (['uncertain', 'refused', 'below_floor'] as const).find((reason) => reasons.has(reason));
  if (closest !== undefined) return closest;
  return ASKED.some((reason) => reasons.has(reason)) ? 'no_bid' : 'no_buyer_eligible';
}

/** Reasons of contracts that were eligible and asked. */
const ASKED: Reason[] = ['no_bid', 'timeout', 'unreachable', 'http_error', 'invalid_response', 'outbid'];

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): small, well spread, the same on every machine. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
