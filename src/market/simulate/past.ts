import { isOnBuyerList, type PersonHashes } from '../limits/duplicates.js';
import type { LeadInRound } from '../eligibility/eligibility.js';
import type { LeadFacts } from '../model/lead.js';
import type { Minor } from '../money.js';
import type { OfferAnswer } from '../auction/decide.js';
import type { Bid, Entry, NoBid, Round } from '../model/round.js';
import type { Sale } from '../model/market.js';
import { nextWait } from '../waiting/waiting.js';

/** A past lead with its rounds, answers and sales. Times are UTC ms, money is in minor units. */
export interface PastLead extends Omit<LeadInRound, 'offered'> {
  campaign: string;
  match: PersonHashes;
  /** In order; at least one. */
  rounds: PastRound[];
  posts: PastPost[];
  sales: PastSale[];
  /** No offers from this time on. */
  withdrawnAt?: number;
}

/** A buyer's answer in a round. `isNamed`: the contract has a fixed price, and its buyer was not asked. */
export type PastAnswer = { bid: Bid; isNamed: boolean } | { noBid: NoBid };

export interface PastRound {
  at: number;
  /** The time of the next round, as planned then. */
  waitedUntil: number;
  /** The mode of sale that the bids were for. */
  mode: Sale['mode'];
  answers: Record<string, PastAnswer>;
  /** The reasons of contracts that an outside check, a failing server or the buyer's own list excluded, by contract. */
  excluded: Record<string, NoBid>;
}

export interface PastPost {
  contract: string;
  at: number;
  answer: 'accepted' | 'refused' | 'uncertain' | 'timeout';
}

export interface PastSale {
  contract: string;
  buyer: string;
  price: Minor;
  earns: Minor;
  at: number;
  returned?: PastReturn;
}

export interface PastReturn {
  at: number;
  reason: string;
  buyerGets: Minor;
  sellerPays: Minor;
}

export function pastRound(facts: LeadFacts, round: Round, answers: readonly OfferAnswer[]): PastRound {
  const kept = round.excluded.flatMap(({ buyers, ...why }) =>
    why.reason === 'circuit_open' || isOnBuyerList(why) || isCheck(why)
      ? buyers.split(' ').map((buyer): [string, NoBid] => [`${round.campaign}/${buyer}`, why])
      : [],
  );
  const skipped = answers.flatMap((one): [string, NoBid][] =>
    one.answer === 'circuit_open' ? [[one.contract, { reason: one.answer, detail: one.detail }]] : [],
  );
  return {
    at: round.at,
    waitedUntil: nextWait(facts, round, answers).at,
    mode: round.terms.sale.mode,
    answers: Object.fromEntries(round.entries.flatMap(saidIn)),
    excluded: Object.fromEntries([...kept, ...skipped]),
  };
}

/** The detail of a failed check (src/buyers/check.ts). */
const isCheck = ({ reason, detail = '' }: NoBid): boolean =>
  reason === 'filtered' && detail.startsWith('check ');

function saidIn(entry: Entry): [string, PastAnswer][] {
  if ('bid' in entry) {
    const { price, shared } = entry.bid;
    // Its expiry is past. The prices count.
    const bid = { price, shared };
    const isNamed = entry.price !== undefined || entry.sharedPrice !== undefined;
    return [[entry.contract, { bid, isNamed }]];
  }
  // The round did not wait for its answer, so it is unknown.
  return entry.noBid.reason === 'outbid' ? [] : [[entry.contract, { noBid: entry.noBid }]];
}
