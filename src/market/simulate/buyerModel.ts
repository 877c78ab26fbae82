import { isOnBuyerList } from '../limits/duplicates.js';
import { aboveCeiling } from '../auction/prices.js';
import type { Bid, Candidate, NoBid, RoundTerms } from '../model/round.js';
import type { Check, Sale } from '../model/market.js';
import { fixedBid } from '../eligibility/newRound.js';
import { drawAcceptance, drawBid, draw, type BidModel } from '../model/distributions.js';
import type { PastLead, PastPost, PastAnswer } from './past.js';

/**
 * Assumptions of a repeated decision, in addition to the buyers' real answers. `bid`: the bid of a buyer that was not
 * asked. `form`: a bid that was made for another mode of sale. `post`: the answer of a buyer that was not sent the
 * lead. `check`: that the lead passes a check that was not made.
 */
export const ASSUMPTIONS = ['bid', 'form', 'post', 'check'] as const;
export type Assumption = (typeof ASSUMPTIONS)[number];

/** A buyer's answer, with the assumption if the buyer did not give it. */
export type WithAssumption<Answer> = Answer & { assumed?: Assumption };

/** The buyers' real answers for all leads of a period, by contract. They stand in for answers that were never given. */
export interface ObservedAnswers {
  pings: ReadonlyMap<string, readonly { mode: Sale['mode']; answer: PastAnswer }[]>;
  posts: ReadonlyMap<string, { sent: number; accepted: number }>;
}

/** @param leads in any order; the result does not depend on it */
export function observeAnswers(leads: readonly PastLead[]): ObservedAnswers {
  const pings = new Map<string, { mode: Sale['mode']; answer: PastAnswer }[]>();
  const posts = new Map<string, { sent: number; accepted: number }>();
  for (const lead of [...leads].sort((a, b) => (a.facts.leadId < b.facts.leadId ? -1 : 1))) {
    for (const { mode, answers } of lead.rounds) {
      for (const [contract, answer] of Object.entries(answers)) {
        const known = pings.get(contract) ?? [];
        if (known.length === 0) pings.set(contract, known);
        known.push({ mode, answer });
      }
    }
    for (const { contract, answer } of lead.posts) {
      const { sent, accepted } = posts.get(contract) ?? { sent: 0, accepted: 0 };
      posts.set(contract, { sent: sent + 1, accepted: accepted + (answer === 'accepted' ? 1 : 0) });
    }
  }
  return { pings, posts };
}

export interface BuyerModel {
  measured: ObservedAnswers;
  models: ReadonlyMap<string, BidModel>;
}

/** A contract's bid, as `answerToPing` finds it. A bid above the contract's ceiling does not count. */
export function bidFor(
  buyerModel: BuyerModel,
  lead: PastLead,
  candidate: Candidate,
  { terms, now }: { terms: Pick<RoundTerms, 'sale' | 'currency'>; now: number },
): WithAssumption<{ bid: Bid } | { noBid: NoBid }> {
  const answer = answerToPing(buyerModel, lead, candidate, { mode: terms.sale.mode, now });
  const noBid = 'bid' in answer ? aboveCeiling(answer.bid, candidate.ceiling, terms.currency) : undefined;
  return noBid ? { noBid, assumed: answer.assumed } : answer;
}

/**
 * A contract's bid. Its fixed price if it has one. Else its buyer's real answer for this lead: the last one up to
 * `now`, else the first. Else its model's bid. Else its answer for another lead of the period.
 */
function answerToPing(
  { measured, models }: BuyerModel,
  lead: PastLead,
  candidate: Candidate,
  { mode, now }: { mode: Sale['mode']; now: number },
): WithAssumption<{ bid: Bid } | { noBid: NoBid }> {
  const { contract } = candidate;
  const { leadId } = lead.facts;
  const fixed = fixedBid(candidate);
  if (fixed) return { bid: fixed };
  const model = models.get(contract);
  const round = lastBy(
    lead.rounds.filter(({ answers }) => contract in answers),
    now,
  );
  const own = round?.answers[contract];
  const kept = round && own && inForm(own, round.mode, mode);
  if (kept && (kept.assumed === undefined || model === undefined)) return kept;
  if (model) {
    const bid = drawBid(model, leadId, contract, mode);
    const answer = bid === undefined ? { noBid: { reason: 'no_bid' as const } } : { bid };
    return { ...answer, assumed: 'bid' };
  }
  const others = measured.pings.get(contract) ?? [];
  const other = others[Math.floor(draw(leadId, contract, 'bid') * others.length)];
  if (other) return { ...inForm(other.answer, other.mode, mode), assumed: 'bid' };
  return { noBid: { reason: 'no_bid', detail: 'it was asked about no lead of the period' }, assumed: 'bid' };
}

/** An answer that was given for one mode of sale, converted to another. */
function inForm(
  answer: PastAnswer,
  was: Sale['mode'],
  is: Sale['mode'],
): WithAssumption<{ bid: Bid } | { noBid: NoBid }> {
  if ('noBid' in answer) return answer;
  const { bid, isNamed } = answer;
  // The contract had a fixed price, so its buyer was never asked for a bid.
  const named = isNamed && { assumed: 'bid' as const };
  if (was === is) return { bid, ...named };
  const own = was === 'hybrid' ? bid[is === 'exclusive' ? 'price' : 'shared'] : bid.price;
  if (own === undefined)
    return { noBid: { reason: 'no_bid', detail: `it bid nothing for this way of selling` } };
  if (was === 'hybrid') return { bid: { price: own }, ...named };
  // The bid for one form says nothing of the other.
  if (is === 'hybrid') return { bid: was === 'exclusive' ? { price: own } : { shared: own }, ...named };
  return { bid: { price: own }, assumed: 'form' };
}

/** A buyer's answer to a post: its real answer; else drawn with its model's rate, or its real rate. */
export function answerFor(
  lead: PastLead,
  contract: string,
  now: number,
  { measured, models }: BuyerModel,
): WithAssumption<Pick<PastPost, 'answer'>> {
  const own = lastBy(
    lead.posts.filter((post) => post.contract === contract),
    now,
  );
  if (own) return { answer: own.answer };
  const { sent, accepted } = measured.posts.get(contract) ?? { sent: 0, accepted: 0 };
  const percent = models.get(contract)?.accepts ?? (sent === 0 ? 100 : (accepted / sent) * 100);
  const says = drawAcceptance(percent, lead.facts.leadId, contract) ? 'accepted' : 'refused';
  return { answer: says, assumed: 'post' };
}

/**
 * Why a contract that was excluded from a past round is still excluded: a check, a failing server, or the buyer's own
 * suppression list.
 */
export function stillExcluded(
  lead: PastLead,
  contract: string,
  checks: readonly Check[],
  now: number,
): { noBid?: NoBid; assumed?: Assumption } {
  const round = lastBy(
    lead.rounds.filter(({ answers, excluded }) => contract in answers || contract in excluded),
    now,
  );
  const why = round?.excluded[contract];
  if (round === undefined) return checks.length > 0 ? { assumed: 'check' } : {};
  if (why === undefined) return {};
  const stays =
    why.reason === 'circuit_open' || isOnBuyerList(why) || checks.some(({ name }) => isOf(why, name));
  return stays ? { noBid: why } : {};
}

const isOf = ({ detail = '' }: NoBid, check: string): boolean =>
  detail === `check ${check}` || detail.startsWith(`check ${check}:`);

/** The last item up to `now`, else the first. */
const lastBy = <T extends { at: number }>(items: readonly T[], now: number): T | undefined =>
  items.findLast(({ at }) => at <= now) ?? items[0];
