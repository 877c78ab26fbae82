import { isOnBuyerList } from '../limits/duplicates.js';
import { aboveCeiling } from '../auction/prices.js';
import type { Bid, Candidate, NoBid, RoundTerms } from '../model/round.js';
import type { Check, Sale } from '../model/market.js';
import { fixedBid } from '../eligibility/newRound.js';
import { drawAcceptance, drawBid, draw, type BidModel } from '../model/distributions.js';
import type { PastLead, PastPost, PastAnswer } from './past.js';

/**
 * What a decision that is made again rests on beside what buyers have really said. `bid`: the bid of a buyer that was not
 * asked. `form`: a bid that was given for another way of selling. `post`: the answer of a buyer that was not sent the
 * lead. `check`: that the lead passes a check that was not made.
 */
export const ASSUMPTIONS = ['bid', 'form', 'post', 'check'] as const;
export type Assumption = (typeof ASSUMPTIONS)[number];

/** What a buyer says, and what that rests on where it did not say so. */
export type WithAssumption<Word> = Word & { assumed?: Assumption };

/** What buyers said of all leads in a period, by contract: what those of them are taken to say that were not asked. */
export interface ObservedAnswers {
  said: ReadonlyMap<string, readonly { mode: Sale['mode']; answer: PastAnswer }[]>;
  posts: ReadonlyMap<string, { sent: number; accepted: number }>;
}

/** @param leads in any order: what is measured of them does not depend on it */
export function observeAnswers(leads: readonly PastLead[]): ObservedAnswers {
  const said = new Map<string, { mode: Sale['mode']; answer: PastAnswer }[]>();
  const posts = new Map<string, { sent: number; accepted: number }>();
  for (const lead of [...leads].sort((a, b) => (a.facts.leadId < b.facts.leadId ? -1 : 1))) {
    for (const { mode, answers } of lead.rounds) {
      for (const [contract, answer] of Object.entries(answers)) {
        const known = said.get(contract) ?? [];
        if (known.length === 0) said.set(contract, known);
        known.push({ mode, answer });
      }
    }
    for (const { contract, answer } of lead.posts) {
      const { sent, accepted } = posts.get(contract) ?? { sent: 0, accepted: 0 };
      posts.set(contract, { sent: sent + 1, accepted: accepted + (answer === 'accepted' ? 1 : 0) });
    }
  }
  return { said, posts };
}

/** Where buyers' words are to be found. */
export interface BuyerModel {
  measured: ObservedAnswers;
  models: ReadonlyMap<string, BidModel>;
}

/** What a contract bids, as `wordOf` knows it; a bid above the contract's ceiling is none. */
export function bidFor(
  lead: PastLead,
  candidate: Candidate,
  { sale, currency }: Pick<RoundTerms, 'sale' | 'currency'>,
  now: number,
  voices: BuyerModel,
): WithAssumption<{ bid: Bid } | { noBid: NoBid }> {
  const word = answerToPing(lead, candidate, sale.mode, now, voices);
  const noBid = 'bid' in word ? aboveCeiling(word.bid, candidate.ceiling, currency) : undefined;
  return noBid ? { noBid, assumed: word.assumed } : word;
}

/**
 * What a contract bids. The price that it names; else what its buyer said when it was asked about this lead, the last time
 * by then, else the first time; else what its model says; else what it said of another lead of the period.
 */
function answerToPing(
  lead: PastLead,
  candidate: Candidate,
  mode: Sale['mode'],
  now: number,
  { measured, models }: BuyerModel,
): WithAssumption<{ bid: Bid } | { noBid: NoBid }> {
  const { contract } = candidate;
  const { leadId } = lead.facts;
  const fixed = fixedBid(candidate);
  if (fixed) return { bid: fixed };
  const model = models.get(contract);
  const heard = lastBy(
    lead.rounds.filter(({ answers }) => contract in answers),
    now,
  );
  const own = heard?.answers[contract];
  const kept = heard && own && inForm(own, heard.mode, mode);
  if (kept && (kept.assumed === undefined || model === undefined)) return kept;
  if (model) {
    const bid = drawBid(model, leadId, contract, mode);
    const word = bid === undefined ? { noBid: { reason: 'no_bid' as const } } : { bid };
    return { ...word, assumed: 'bid' };
  }
  const others = measured.said.get(contract) ?? [];
  const other = others[Math.floor(draw(leadId, contract, 'bid') * others.length)];
  if (other) return { ...inForm(other.answer, other.mode, mode), assumed: 'bid' };
  return { noBid: { reason: 'no_bid', detail: 'it was asked about no lead of the period' }, assumed: 'bid' };
}

/** What a buyer said when the lead was sold in one way, as its word where it is sold in another. */
function inForm(
  said: PastAnswer,
  was: Sale['mode'],
  is: Sale['mode'],
): WithAssumption<{ bid: Bid } | { noBid: NoBid }> {
  if ('noBid' in said) return said;
  const { bid, isNamed } = said;
  // Nobody has asked a buyer whose contract named its price what it would bid.
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

/** What a buyer answers when it is sent the lead: what it answered; else as its model says, or as often as it did. */
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
 * Why a contract is left out of a round that it was left out of before, and would be again: a check, a failing server, the
 * buyer's own list.
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

/** The last that was by then, else the first. */
const lastBy = <T extends { at: number }>(items: readonly T[], now: number): T | undefined =>
  items.findLast(({ at }) => at <= now) ?? items[0];
