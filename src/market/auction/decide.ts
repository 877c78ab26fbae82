import type { DeliveryPolicy } from '../model/delivery.js';
import { missedCandidates } from './asking.js';
import { earnedOf } from '../model/margin.js';
import { isDecided } from './earlyClose.js';
import { formatMoney, type Minor } from '../money.js';
import type { LeadReason, Reason } from '../model/reason.js';
import type {
  Bid,
  Candidate,
  Change,
  Entry,
  Exclusion,
  MetLimit,
  Outcome,
  Round,
  RoundTerms,
} from '../model/round.js';
import { fnv1a } from '../hash.js';
import { floorOf, isBelowFloor, priceIn, type SaleForm } from './prices.js';
import type { Sale } from '../model/market.js';

export interface Offer {
  contract: string;
  buyer: string;
  exclusive: boolean;
  price: Minor;
  /** The seller's share of the price. */
  earns: Minor;
  bid: Bid;
  delivery?: DeliveryPolicy;
}

/**
 * Why an offer does not end in a sale: the buyer's answer, a limit reached or a currency changed since the round was
 * planned, or failed posts.
 */
export type OfferReason = Extract<
  Reason,
  | 'refused'
  | 'uncertain'
  | 'closed'
  | 'timeout'
  | 'capped'
  | 'over_budget'
  | 'no_balance'
  | 'duplicate'
  | 'paused'
  | 'circuit_open'
  | 'invalid_response'
>;

/** The reason of an offer that was excluded by a limit. */
export const offerReasonOf = (reason: Reason): Exclude<OfferReason, 'uncertain'> =>
  LIMIT_REASONS.find((one) => one === reason) ?? 'capped';

const LIMIT_REASONS = ['over_budget', 'no_balance', 'duplicate', 'closed'] as const;

/** The result of an offer that was excluded by a limit. */
export const exclusionAsAnswer = ({ reason, ...why }: Exclusion) => ({
  answer: offerReasonOf(reason),
  ...why,
});

/** The result of an offer. There is none if the offer was never made. */
export type OfferAnswer =
  | { contract: string; answer: 'accepted'; exclusive: boolean }
  | {
      contract: string;
      answer: OfferReason;
      detail?: string;
      /** The same in the buyer's own words. Never part of a workflow. */
      words?: string;
      /** If a limit excluded the offer: when it allows sales again, and its figures. */
      change?: Change;
      limit?: MetLimit;
    };

/**
 * The next step of a round: make offers concurrently, ask a tier, ask contracts again whose answers it did not wait
 * for, or end.
 */
export type Step = { offers: Offer[] } | { ask: number } | { askAgain: string[] } | 'over';

/**
 * Decides a round, one step at a time, from what is known so far. The function is deterministic: the same data give
 * the same step.
 *
 * A lead is offered to as many bidders at once as there are places. If one of them does not buy, the next one gets an
 * offer. Contracts whose answers the round did not wait for are asked again when, given the refusals so far, the
 * round would have waited for them. A tier is asked only if the earlier tiers bought nothing. Of equal bids, the one
 * with the smaller hash of lead and contract goes first. That order is reproducible and favours no buyer over many
 * leads.
 */
export function nextStep(leadId: string, round: Round, answers: readonly OfferAnswer[]): Step {
  const { sale, margin } = round.terms;
  const accepted = answers.filter(({ answer }) => answer === 'accepted');
  const answered = new Set(answers.map(({ contract }) => contract));
  const open = round.entries.filter(
    (entry): entry is Bidder => 'bid' in entry && !answered.has(entry.contract),
  );
  const form = accepted.length > 0 ? soldAs(accepted) : bestForm(leadId, round, open);
  const places = Math.max(0, (form === 'exclusive' ? 1 : sale.maxBuyers) - accepted.length);
  const offers = ranked(leadId, round, open, form)
    .slice(0, places)
    .map(({ entry, price }): Offer => {
      const { contract, buyer, bid, delivery } = entry;
      const earns = earnedOf(price, margin);
      const exclusive = form === 'exclusive';
      return { contract, buyer, exclusive, price, earns, bid, delivery };
    });
  // Contracts without a turn come after all contracts that have had one.
  const isTaken = round.turns === undefined ? places === 0 : offers.length === places;
  const missed = isTaken ? [] : toAskAgain(round, answers);
  if (missed.length > 0) return { askAgain: missed.map(({ contract }) => contract) };
  if (offers.length > 0) return { offers };
  const [next] = round.later.map(({ tier }) => tier).sort((a, b) => a - b);
  return next === undefined || accepted.length > 0 ? 'over' : { ask: next };
}

/** Contracts whose answers the round did not wait for, if they could still change who buys. */
function toAskAgain(round: Round, answers: readonly OfferAnswer[]): Candidate[] {
  const missed = missedCandidates(round);
  if (missed.length === 0) return [];
  const lost = new Set(answers.flatMap(({ contract, answer }) => (answer === 'accepted' ? [] : [contract])));
  const left = round.entries.filter(({ contract }) => !lost.has(contract));
  return isDecided(round.terms.sale, left, missed) ? [] : missed;
}

type Bidder = Extract<Entry, { bid: Bid }>;

const soldAs = (accepted: readonly OfferAnswer[]): SaleForm =>
  accepted.some((answer) => answer.answer === 'accepted' && answer.exclusive) ? 'exclusive' : 'shared';

/**
 * In a hybrid sale, the form that earns more now. If both earn the same, the exclusive one, because it bothers the
 * person less.
 */
function bestForm(leadId: string, round: Round, open: Bidder[]): SaleForm {
  const { sale } = round.terms;
  if (sale.mode !== 'hybrid') return sale.mode;
  const worth = (form: SaleForm, places: number): Minor =>
    ranked(leadId, round, open, form)
      .slice(0, places)
      .reduce((sum, { price }) => sum + price, 0);
  return worth('exclusive', 1) >= worth('shared', sale.maxBuyers) ? 'exclusive' : 'shared';
}

/** Bidders at or above their floor and what a ping has promised, in the order in which the lead is offered. */
function ranked(
  leadId: string,
  round: Round,
  open: Bidder[],
  form: SaleForm,
): { entry: Bidder; price: Minor }[] {
  const { sale, margin, promised } = round.terms;
  const turn = new Map((round.turns ?? []).map((contract, i) => [contract, i]));
  return open
    .flatMap((entry) => {
      const price = priceIn(sale, entry.bid, form);
      if (price === undefined || price < floorOf(sale, entry.floor, form)) return [];
      if (promised !== undefined && earnedOf(price, margin) < promised) return [];
      const worth = sale.award === 'expectedValue' ? price * (entry.rate ?? 1) : price;
      const place = turn.get(entry.contract) ?? Infinity;
      return [{ entry, price, worth, place, tie: fnv1a(`${leadId}/${entry.contract}`) }];
    })
    .sort((a, b) => {
      const byTurn = a.place === b.place ? 0 : a.place - b.place;
      return byTurn || b.worth - a.worth || a.tie - b.tie || (a.entry.contract < b.entry.contract ? -1 : 1);
    });
}

export function conclude(round: Round, answers: readonly OfferAnswer[]): Outcome[] {
  const answerOf = new Map(answers.map((answer) => [answer.contract, answer]));
  return [
    ...round.entries.map((entry) => outcome(entry, round.terms, answerOf.get(entry.contract))),
    ...round.later.map(({ contract, buyer }): Outcome => {
      return { contract, buyer, sold: false, reason: 'outbid', detail: 'an earlier tier bought' };
    }),
    ...round.excluded.flatMap(({ buyers, reason, detail, limit, used }) => {
      const uses = used?.split(' ').map(Number);
      return buyers.split(' ').map((buyer, i): Outcome => {
        const contract = `${round.campaign}/${buyer}`;
        return {
          contract,
          buyer,
          sold: false,
          reason,
          detail,
          limit: limit && { ...limit, used: uses?.[i] },
        };
      });
    }),
  ];
}

function outcome(entry: Entry, terms: RoundTerms, answer: OfferAnswer | undefined): Outcome {
  const { sale, currency, margin, promised } = terms;
  const { contract, buyer, ms, sentAfter, first } = entry;
  const again = entry.again === 'asked' ? (true as const) : undefined;
  const who = { contract, buyer, ms, sentAfter, again, first };
  if ('noBid' in entry) {
    const { reason, detail, words } = entry.noBid;
    return { ...who, sold: false, reason, detail, words };
  }
  const form: SaleForm = answer?.answer === 'accepted' && !answer.exclusive ? 'shared' : 'exclusive';
  const { bid } = entry;
  const { note } = bid;
  const price = priceIn(sale, bid, form) ?? bid.price ?? bid.shared ?? 0;
  if (answer?.answer === 'accepted') return { ...who, price, note, sold: true };
  if (answer) {
    const { answer: reason, detail, words, limit } = answer;
    return { ...who, price, note, sold: false, reason, detail, words, limit };
  }
  if (!isBelowFloor(sale, entry)) {
    if (promised === undefined || earnedOf(price, margin) >= promised)
      return { ...who, price, note, sold: false, reason: 'outbid' };
    const detail = `a ping has promised the seller ${formatMoney(promised, currency)}`;
    return { ...who, price, note, sold: false, reason: 'below_floor', detail };
  }
  return {
    ...who,
    price,
    note,
    sold: false,
    reason: 'below_floor',
    detail: floorInWords(entry, sale, currency),
  };
}

/** `the floor is $10.00`: the lowest acceptable bid, for each form of sale that the bid covers. */
function floorInWords({ bid, floor }: Bidder, sale: Sale, currency: string): string {
  const forms = (['exclusive', 'shared'] as const).filter((form) => priceIn(sale, bid, form) !== undefined);
  const floors = new Set(forms.map((form) => formatMoney(floorOf(sale, floor, form), currency)));
  return `the floor is ${[...floors].join(', of a place ')}`;
}

/** The detail that ops see. It may contain the buyer's own words, so it must not enter a workflow. */
export const opsDetail = (outcome: Outcome): string | undefined =>
  outcome.sold ? outcome.note : (outcome.words ?? outcome.detail ?? outcome.note);

/** Why a round did not sell the lead: the outcome that came closest to a sale. */
export function unsoldReason(outcomes: Outcome[]): LeadReason {
  const reasons = new Set(outcomes.map((outcome) => (outcome.sold ? undefined : outcome.reason)));
  const closest = (['uncertain', 'refused', 'below_floor'] as const).find((reason) => reasons.has(reason));
  if (closest !== undefined) return closest;
  return ASKED.some((reason) => reasons.has(reason)) ? 'no_bid' : 'no_buyer_eligible';
}

const ASKED: Reason[] = ['no_bid', 'timeout', 'unreachable', 'http_error', 'invalid_response', 'outbid'];
