import type { DeliveryPolicy } from './delivery.js';
import type { Margin } from './margin.js';
import type { Minor } from '../money.js';
import type { Reason } from './reason.js';
import type { Period } from '../calendar/windows.js';
import type { NoticeKind, PendingTerms, Sale } from './market.js';

/** A buyer's bid, or the fixed price of its contract. It has at least one of the two prices. */
export interface Bid {
  /** For the lead alone; in a shared sale, for a place in it. */
  price?: Minor;
  /** For a place in a shared sale, if the sale is hybrid. */
  shared?: Minor;
  /** The buyer's own reference to its bid. */
  bidId?: string;
  pingId?: string;
  /** Expiry, UTC ms. Absent: a fixed price, or a bid that does not expire by itself. */
  expiresAt?: number;
  /** The validity that the buyer named, ms; absent if it named none. */
  goodForMs?: number;
  /** The ignored parts of the buyer's answer, for ops. */
  note?: string;
  /** The whole answer, if the post of the buyer's own protocol needs it. */
  kept?: SealedAnswer;
}

/** Encrypted; only the store can read it. */
export type SealedAnswer = object;

/** The figures of a full limit, as they were when it excluded a contract. Money is in minor units. */
export interface MetLimit {
  /** Leads bought, posts sent or money spent in a period; or the buyer's prepaid balance. */
  counter: 'sold' | 'posts' | 'spent' | 'balance';
  period?: Period;
  /** Absent for a balance. */
  used?: number;
  /** The most that may be used; of a balance, what is left. */
  most: number;
  /** When it allows sales again without a change of terms, UTC ms. */
  resetsAt?: number;
}

/** Why there is no bid. */
export interface NoBid {
  reason: Reason;
  /** For ops: a status code, a reason in one word; never personal data. */
  detail?: string;
  /** The same with the buyer's own words. In the database only: Temporal and the logs have `detail`. */
  words?: string;
  /** The HTTP status, if that is the reason. */
  status?: number;
  /** The limit, if that is the reason; absent in rounds of earlier releases. */
  limit?: MetLimit;
  /** For test leads, if the answer could not be used: the ping that the buyer is notified about. */
  pingId?: string;
}

/** When a ping was sent, ms after the round's start, and how long its buyer took. */
export interface PingTimes {
  /** Negative if the seller's ping of the lead was answered with it, before the round. */
  sentAfter?: number;
  /** Absent if its answer was not waited for. */
  ms?: number;
}

/** A contract that may buy in this round, with everything that the decision depends on, so that it can be repeated. */
export interface Candidate {
  contract: string;
  buyer: string;
  tier: number;
  weight?: number;
  price?: Minor;
  sharedPrice?: Minor;
  floor?: Minor;
  ceiling?: Minor;
  /** The buyer's acceptance rate of posts, 0 to 1; if the award needs it. */
  rate?: number;
  delivery?: DeliveryPolicy;
  /**
   * The round did not wait for its answer. `due`: it is asked again if its answer could still matter. `asked`: it has
   * been asked again.
   */
  again?: 'due' | 'asked';
  /** Its first ping, if it was asked again: the round did not wait for the answer, or its bid had expired. */
  first?: PingTimes;
}

/** A candidate's result once its tier was asked. */
export type Entry = Candidate & PingTimes & ({ bid: Bid } | { noBid: NoBid });

/**
 * Contracts that could not buy, grouped by reason: in a large campaign, that is most contracts. The buyers' ids are
 * one text with spaces between them. As a list, a thousand of them cost the database more than the whole auction.
 * The same holds for `used`: what each buyer's contract has used of `limit`.
 */
export interface ExcludedGroup extends NoBid {
  buyers: string;
  used?: string;
}

/** The campaign's terms for a round, stored with it so that the decision can be repeated. */
export interface RoundTerms {
  currency: string;
  sale: Sale;
  margin?: Margin;
  /** What the seller earns from each buyer at least, because a ping has promised it. */
  promised?: Minor;
  pending: PendingTerms;
}

/** A time at which the lead is worth another round, UTC ms, and what happens then. */
export interface Change {
  at: number;
  what: 'delay' | 'opening' | 'window' | 'stage' | 'circuit' | 'resume';
}

/** Why a contract can't take the lead now, and when that changes by itself, if it does. */
export type Exclusion = NoBid & { change?: Change };

/** One attempt to sell a lead, as stored before its outcome is known. Every contract of the campaign is in it once. */
export interface Round {
  number: number;
  campaign: string;
  /** The version of the market that it was planned with; absent in rounds of earlier releases and in simulations. */
  marketVersion?: number;
  /** Incremented with each change: a tier asked, a bid asked again. */
  version: number;
  /** When it was planned, UTC ms. */
  at: number;
  terms: RoundTerms;
  excluded: ExcludedGroup[];
  /** Of the tiers asked so far. */
  entries: Entry[];
  /** Of the tiers still to be asked. */
  later: Candidate[];
  /** Contracts in the order of their turns, if the award is by turns. */
  turns?: string[];
  /** Contacts that duplicate rules ignored, because leads of many persons have them. */
  notCompared?: ('phone' | 'email')[];
  /** How long the outside checks took; absent if there were none. */
  checksMs?: number;
  /** When the latest answers were in and offers could be made, ms after the round's start. */
  decidedAfter?: number;
  /** The next changes for the contracts that could not buy, the soonest of each kind. */
  changes: Change[];
  /**
   * Notifications of the result: the number of the seller's postback addresses, and the notices that each buyer
   * subscribes to.
   */
  tell: { postbacks: number; notices: Readonly<Record<string, readonly NoticeKind[]>> };
}

/** The outcome of a round for one contract. */
export type Outcome = {
  contract: string;
  buyer: string;
  /** Whether it was asked again because the round did not wait for its first answer. */
  again?: true;
  /** Of the first ping, if it was asked again. */
  first?: PingTimes;
  price?: Minor;
  /** The ignored parts of the buyer's answer, for ops. */
  note?: string;
} & PingTimes &
  ({ sold: true } | { sold: false; reason: Reason; detail?: string; words?: string; limit?: MetLimit });
