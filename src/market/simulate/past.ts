import { isOnBuyerList, type PersonHashes } from '../limits/duplicates.js';
import type { LeadInRound } from '../eligibility/eligibility.js';
import type { LeadFacts } from '../model/lead.js';
import type { Minor } from '../money.js';
import type { OfferAnswer } from '../auction/decide.js';
import type { Bid, Entry, NoBid, Round } from '../model/round.js';
import type { Sale } from '../model/market.js';
import { nextWait } from '../waiting/waiting.js';

/** A lead as it was sold, or not, with what each buyer said of it. Times are UTC ms, money minor units. */
export interface PastLead extends Omit<LeadInRound, 'offered'> {
  campaign: string;
  match: PersonHashes;
  /** In the order in which they were held; at least one. */
  rounds: PastRound[];
  /** What came of sending it, in the order in which it was sent. */
  posts: PastPost[];
  sales: PastSale[];
  /** Nobody is offered it from then on. */
  withdrawnAt?: number;
}

/** What a buyer said in a round. `isNamed`: the contract named its price, and nobody asked the buyer. */
export type PastAnswer = { bid: Bid; isNamed: boolean } | { noBid: NoBid };

export interface PastRound {
  at: number;
  /** How long the lead was then to wait for the next one. */
  waitedUntil: number;
  /** What the bids were for. */
  mode: Sale['mode'];
  /** By contract, those that were asked. */
  answers: Record<string, PastAnswer>;
  /** By contract, those that outside services or a failing server kept from being asked. */
  excluded: Record<string, NoBid>;
}

export interface PastPost {
  contract: string;
  at: number;
  answer: 'accepted' | 'refused' | 'uncertain' | 'timeout';
}

/** A sale as the books have it. */
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

/** What of a stored round tells what buyers said. */
export function pastRound(facts: LeadFacts, round: Round, answers: readonly OfferAnswer[]): PastRound {
  const kept = round.excluded.flatMap(({ buyers, ...why }) =>
    why.reason === 'circuit_open' || isOnBuyerList(why) || isCheck(why)
      ? buyers.split(' ').map((buyer): [string, NoBid] => [`${round.campaign}/${buyer}`, why])
      : [],
  );
  const passedOver = answers.flatMap((one): [string, NoBid][] =>
    one.answer === 'circuit_open' ? [[one.contract, { reason: one.answer, detail: one.detail }]] : [],
  );
  return {
    at: round.at,
    waitedUntil: nextWait(facts, round, answers).at,
    mode: round.terms.sale.mode,
    answers: Object.fromEntries(round.entries.flatMap(saidIn)),
    excluded: Object.fromEntries([...kept, ...passedOver]),
  };
}

/** How a round names a check that a lead did not pass (src/buyers/check.ts). */
const isCheck = ({ reason, detail = '' }: NoBid): boolean =>
  reason === 'filtered' && detail.startsWith('check ');

function saidIn(entry: Entry): [string, PastAnswer][] {
  if ('bid' in entry) {
    const { price, shared } = entry.bid;
    // When it was good until is past; what it was for stays.
    const bid = { ...(price !== undefined && { price }), ...(shared !== undefined && { shared }) };
    const isNamed = entry.price !== undefined || entry.sharedPrice !== undefined;
    return [[entry.contract, { bid, isNamed }]];
  }
  // Nobody waited for its answer, so nobody knows it.
  return entry.noBid.reason === 'outbid' ? [] : [[entry.contract, { noBid: entry.noBid }]];
}
