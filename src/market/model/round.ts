import type { DeliveryPolicy } from './delivery.js';
import type { Margin } from './margin.js';
import type { Minor } from '../money.js';
import type { Reason } from './reason.js';
import type { NoticeKind, PendingTerms, Sale } from './market.js';

/** What a buyer answered to a ping, or what its contract says without asking. At least one of the prices is there. */
export interface Bid {
  /** For the lead alone; in a shared sale, for a place in it. */
  price?: Minor;
  /** For a place in a shared sale, where the sale is hybrid. */
  shared?: Minor;
  /** The buyer's own reference to its bid. */
  bidId?: string;
  pingId?: string;
  /** Good until then, UTC ms. Absent: a fixed price, or a bid without an end of its own. */
  expiresAt?: number;
  /** How long the buyer said that it is good, ms; absent if it did not say. */
  goodForMs?: number;
  /** What was ignored of the buyer's answer, for ops. */
  note?: string;
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
  /** Of a test lead, if the answer could not be used: the ping that the buyer is notified about. */
  pingId?: string;
}

/** A contract that may buy in this round: what the decision needs to know of it, kept so that it can be made again. */
export interface Candidate {
  contract: string;
  buyer: string;
  tier: number;
  weight?: number;
  price?: Minor;
  sharedPrice?: Minor;
  floor?: Minor;
  ceiling?: Minor;
  /** The share of its posts that the buyer has accepted, 0 to 1; where the award asks for it. */
  rate?: number;
  delivery?: DeliveryPolicy;
  /** Nobody waited for its answer: it is to be asked again if that answer could still matter, or has been. */
  again?: 'due' | 'asked';
}

/** What a candidate came to when its tier was asked. `ms` is how long the buyer took. */
export type Entry = Candidate & { ms?: number } & ({ bid: Bid } | { noBid: NoBid });

/**
 * Contracts that could not buy, together where the reason is the same: most of a large campaign's are. Their buyers' ids
 * are one text with spaces between them: as a list, a thousand of them cost the database more than the whole auction.
 */
export interface ExcludedGroup extends NoBid {
  buyers: string;
}

/** The campaign's terms that a round was held under; kept with it, so that it can be decided again. */
export interface RoundTerms {
  currency: string;
  sale: Sale;
  margin?: Margin;
  pending: PendingTerms;
}

/** A moment at which the lead is worth another round, UTC ms, and what happens then. */
export interface Change {
  at: number;
  what: 'delay' | 'opening' | 'window' | 'stage' | 'circuit' | 'resume';
}

/** Why a contract can't take the lead now, and when that will change by itself, where it will. */
export type Exclusion = NoBid & { change?: Change };

/** One attempt at selling a lead, as stored before its outcome is known: every contract of the campaign is in it once. */
export interface Round {
  number: number;
  campaign: string;
  /** Grows with each change of what is stored: a tier asked, a bid asked again. */
  version: number;
  /** When it was planned, UTC ms. */
  at: number;
  terms: RoundTerms;
  excluded: ExcludedGroup[];
  /** Of the tiers asked so far. */
  entries: Entry[];
  /** Of the tiers still to be asked. */
  later: Candidate[];
  /** Contracts in the order of their turns, where the award is by turns. */
  turns?: string[];
  /** How long outside services took to say whether it may be sold; absent where none was asked. */
  checksMs?: number;
  /** When something will change for the contracts that could not buy, the soonest of each kind. */
  changes: Change[];
  /** Whom to tell what comes of it: the seller's addresses, and which notices each buyer wants that wants any. */
  tell: { postbacks: number; notices: Readonly<Record<string, readonly NoticeKind[]>> };
}

/** How one contract's part in a round ended. */
export type Outcome = {
  contract: string;
  buyer: string;
  ms?: number;
  /** Whether it was asked again, as nobody waited for its first answer. */
  again?: true;
  price?: Minor;
  /** What was ignored of the buyer's answer, for ops. */
  note?: string;
} & ({ sold: true } | { sold: false; reason: Reason; detail?: string; words?: string });
