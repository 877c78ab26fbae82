import type { Schedule } from '../calendar/schedule.js';
import type { Period } from '../calendar/windows.js';
import type { DeliveryPolicy } from './delivery.js';
import type { FieldDeclarations } from '../fields/declaration.js';
import type { Filter } from '../filters/filters.js';
import type { SourceTerms } from '../fields/aliases.js';
import type { Margin } from './margin.js';
import type { Minor } from '../money.js';

/** The market as the rules know it: defaults filled in, money in minor units, times in ms, states as codes. */
export interface Market {
  sellers: Seller[];
  buyers: Buyer[];
  campaigns: Campaign[];
  contracts: Contract[];
}

/** Who sells: the tenant. `code` never changes, `slug` may. */
export interface Seller {
  code: string;
  slug: string;
  name: string;
  /** False: paused, nothing of the seller's is sold and no lead of its is taken. */
  active: boolean;
  /** Addresses that are told of every change of a lead's status. */
  postbacks: string[];
  /** By the source's name: how it names its fields. */
  sources?: Record<string, SourceTerms>;
}

/** A server that is asked or told something, and how long it may take to answer, ms. */
export interface Endpoint {
  url: string;
  timeoutMs: number;
}

/** The notices that a buyer may want beside its pings and posts. */
export const NOTICES = ['won', 'lost', 'billed', 'low_balance', 'unused', 'digest'] as const;
export type NoticeKind = (typeof NOTICES)[number];

export interface Buyer extends Pausable {
  id: string;
  name: string;
  /** Absent: the buyer is never asked, its contracts name a price. */
  ping?: Endpoint;
  post: Endpoint;
  /** Asked what became of a post whose answer never came. */
  status?: Endpoint;
  notices?: Endpoint & { events: NoticeKind[] };
  /** Prepaid: what the market file has paid in, in all. Absent: billed on account. */
  balance?: Minor;
  /** Prepaid: below which balance it is told so, where its notices ask for that. */
  lowBalance?: Minor;
  /** What the balance is kept in; only of prepaid buyers. */
  currency?: string;
}

/**
 * `exclusive`: to one buyer. `shared`: to up to `maxBuyers`. `hybrid`: whichever earns more, the best exclusive bid or
 * the best shared bids together.
 */
export const MODES = ['exclusive', 'shared', 'hybrid'] as const;

/**
 * Who gets the lead of those who would: the highest bid; the highest bid times the share of its posts that the buyer has
 * accepted; a fair share of the leads by weight; everybody in turn.
 */
export const AWARDS = ['highestBid', 'expectedValue', 'weighted', 'roundRobin'] as const;

/** How a lead is sold during one stage of its life. */
export interface Sale {
  mode: (typeof MODES)[number];
  /** How many buyers may hold the lead where it is shared; 1 in an exclusive sale. */
  maxBuyers: number;
  /** No lower bid is taken. In a hybrid sale, of exclusive bids. */
  floor: Minor;
  /** No lower shared bid is taken in a hybrid sale. */
  sharedFloor?: Minor;
  award: (typeof AWARDS)[number];
  /** A bid of this much ends the round at once; if it comes to no sale, whoever was not waited for is asked again. */
  instantBuy?: Minor;
}

/** Terms that hold from some time after the lead's receipt, ms. */
export interface Stage extends Sale {
  after: number;
}

/** Who counts as the same person, and for how long it is not sold to again. */
export interface DuplicateRule {
  by: ('phone' | 'email')[];
  /** Whether one of the fields is enough, or all must be the same. An empty field is never the same. */
  match: 'any' | 'all';
  withinDays: number;
  /** Whose earlier leads count: those that the contract, the buyer under any contract, or anybody in the campaign holds. */
  per: 'contract' | 'buyer' | 'campaign';
}

/** A question to an outside service about a lead: scoring, validation, do-not-call. */
export interface Check extends Endpoint {
  name: string;
  /** Fields that the service is sent. */
  sends: string[];
  /** Which number, text or boolean of its answer counts. */
  answer: string;
  atLeast?: number;
  atMost?: number;
  equals?: string;
  /** Whether a lead passes when the service gives no usable answer. */
  whenSilent: 'pass' | 'fail';
}

/** Waits between the rounds, ms; the last one repeats until the lead expires. */
export interface PendingTerms {
  retryAfter: number[];
  /** How long after it was received an unsold lead ends, ms. */
  expireAfter: number;
}

/** A seller's terms for one category. */
export interface Campaign extends Pausable {
  /** `ACME1234/auto-insurance`. */
  id: string;
  seller: string;
  category: string;
  /** ISO 4217. */
  currency: string;
  /** Names of the fields that a lead must have. */
  required: string[];
  /** What its custom fields are; others are texts. */
  fields?: FieldDeclarations;
  sale: Sale;
  /** Later terms, in order of their time; before the first of them `sale` holds. */
  stages?: Stage[];
  margin?: Margin;
  pending: PendingTerms;
  duplicates?: DuplicateRule;
  checks?: Check[];
  /** How long after a lead's end its person is kept, ms. Absent: as long as the settings say. */
  retention?: number;
}

/** Limits a window of time; `total` is all of it. */
export type Caps = Partial<Record<Period, number>>;

/** Whether and how a buyer may give a lead back. */
export interface ReturnPolicy {
  /** How long after the sale, ms. */
  within: number;
  /** Absent: any. */
  reasons?: string[];
  /** What of the price is given back, percent. */
  refund: number;
  /** Whether the return makes room under the contract's caps again. */
  freesCap: boolean;
  /** Whether the lead goes back on sale to others. */
  resell: boolean;
}

/** A buyer's terms within a campaign. */
export interface Contract extends Pausable {
  /** `ACME1234/auto-insurance/northwind`: part of the ids of pings, posts and sales, so it never changes. */
  id: string;
  campaign: string;
  buyer: string;
  /** Contracts of tier 1 are asked first; a tier is asked only when those before it bought nothing. */
  tier: number;
  /** Its share where the campaign awards by weight. */
  weight: number;
  /** Two-letter codes; absent: every state. */
  states?: string[];
  filters?: Filter[];
  sources?: { only?: string[]; not?: string[] };
  schedule?: Schedule;
  /** A fixed price; absent: the buyer is pinged for a bid. */
  price?: Minor;
  /** A fixed price for a place in a shared sale, where the campaign's mode is hybrid. */
  sharedPrice?: Minor;
  /** No lower bid of this contract is taken. */
  floor?: Minor;
  /** The most that the buyer ever bids: it need not be waited for when somebody has bid more. */
  ceiling?: Minor;
  /** Offered only once the lead has been unsold this long, ms. */
  delay?: number;
  /** No longer offered once the lead is this old, ms. */
  until?: number;
  /** Leads bought. */
  caps?: Caps;
  /** Posts sent, bought or not. */
  postCaps?: Caps;
  budget?: Partial<Record<'day' | 'month' | 'total', Minor>>;
  /** Whether the daily cap is spread over the day's open hours. */
  pace?: boolean;
  /** Where its windows begin and end (IANA). */
  timezone: string;
  duplicates?: DuplicateRule;
  checks?: Check[];
  /** What its pings carry beside the defaults: custom fields, hashes of phone and e-mail. */
  ping?: { fields?: string[]; hashes?: ('phone' | 'email')[] };
  delivery?: DeliveryPolicy;
  returns?: ReturnPolicy;
}

/** "Auto Insurance" and " auto  insurance" are the same category. */
export function categoryKey(category: string): string {
  return category.trim().replace(/\s+/g, ' ').toLowerCase();
}

/** The category as part of an id: lower-case words joined by hyphens. */
export function categorySlug(category: string): string {
  return categoryKey(category)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** `ACME1234/auto-insurance` */
export const campaignId = (seller: string, category: string): string => `${seller}/${categorySlug(category)}`;

/** What can be paused: a buyer, a contract or a campaign until a time or until it is resumed, a seller until it is resumed. */
export interface Pausable {
  /** False: paused until it is resumed. */
  active: boolean;
  /** Paused before this time, UTC ms; a time in the past has no effect. */
  pausedUntil?: number;
}
