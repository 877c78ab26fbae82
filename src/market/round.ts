import type { Minor } from './money.js';
import type { Reason } from './reason.js';

/** What a buyer answered to a ping, or what its contract says without asking. */
export interface Bid {
  price: Minor;
  /** The buyer's own reference to its bid. */
  bidId?: string;
  pingId?: string;
}

/** Why there is no bid. `detail` is for ops: a status code, the buyer's words; never personal data. */
export interface NoBid {
  reason: Reason;
  detail?: string;
}

/** One contract's line in a round, before anybody is sold to: a bid or a reason. `ms` is how long the buyer took. */
export type Entry = { contract: string; buyer: string; ms?: number } & ({ bid: Bid } | { noBid: NoBid });

/** The campaign's terms that a round was held under; kept with it, so that it can be decided again. */
export interface RoundTerms {
  currency: string;
  floor: Minor;
  maxBuyers: number;
  retryAfter: number[];
  expireAfter: number;
}

/** One attempt at selling a lead, as stored before its outcome is known: every contract of the campaign has an entry. */
export interface Round {
  number: number;
  /** When it was planned, UTC ms. */
  at: number;
  terms: RoundTerms;
  entries: Entry[];
  /** When the next delay ends, UTC ms: the lead is worth another round then. */
  nextDelayEnds?: number;
}

/** How one contract's part in a round ended. */
export type Outcome = { contract: string; buyer: string; ms?: number; price?: Minor } & (
  { sold: true } | { sold: false; reason: Reason; detail?: string }
);
