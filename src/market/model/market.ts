import type { Schedule } from '../calendar/schedule.js';
import type { Period } from '../calendar/windows.js';
import type { DeliveryPolicy } from './delivery.js';
import type { FieldDeclarations } from '../fields/declaration.js';
import type { Filter } from '../filters/filters.js';
import type { Source } from '../mapping/inbound.js';
import type { Margin } from './margin.js';
import type { Minor } from '../money.js';
import type { Protocol } from './protocol.js';
import type { Outlet } from './outlet.js';

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
  /** Addresses that receive a postback for every change of a lead's status. */
  postbacks: string[];
  /** By the source's name: how it names its fields, and how its own requests become leads. */
  sources?: Record<string, Source>;
}

/** A server that receives requests, and its timeout, ms. */
export interface Endpoint {
  url: string;
  timeoutMs: number;
}

/** The notices that a buyer may subscribe to, in addition to pings and posts. */
export const NOTICES = ['won', 'lost', 'billed', 'low_balance', 'unused', 'digest'] as const;
export type NoticeKind = (typeof NOTICES)[number];

export interface Buyer extends Pausable {
  id: string;
  name: string;
  /** Absent: the buyer is never pinged; its contracts have fixed prices. */
  ping?: Endpoint;
  /** Absent: leads reach the buyer by outlets of its contracts only. */
  post?: Endpoint;
  /** Asked for the result of a post whose answer never came. */
  status?: Endpoint;
  notices?: Endpoint & { events: NoticeKind[] };
  /** Its own protocol. Steps that it does not describe use Gavel's. */
  protocol?: Protocol;
  /** Prepaid: the total that the market file has paid in. Absent: billed on account. */
  balance?: Minor;
  /** Prepaid: a balance below this triggers a notice, if the buyer subscribes to it. */
  lowBalance?: Minor;
  /** The currency of the balance; only of prepaid buyers. */
  currency?: string;
}

/**
 * `exclusive`: to one buyer. `shared`: to up to `maxBuyers`. `hybrid`: whichever earns more, the best exclusive bid
 * or the best shared bids together.
 */
export const MODES = ['exclusive', 'shared', 'hybrid'] as const;

/**
 * How the winner is chosen: the highest bid; the highest bid times the buyer's acceptance rate of posts; a fair share
 * of the leads by weight; everyone in turn.
 */
export const AWARDS = ['highestBid', 'expectedValue', 'weighted', 'roundRobin'] as const;

/** How a lead is sold during one stage of its life. */
export interface Sale {
  mode: (typeof MODES)[number];
  /** Maximum number of buyers of a shared lead; 1 in an exclusive sale. */
  maxBuyers: number;
  /** Lowest acceptable bid; in a hybrid sale, the lowest exclusive bid. */
  floor: Minor;
  /** Lowest acceptable shared bid in a hybrid sale. */
  sharedFloor?: Minor;
  award: (typeof AWARDS)[number];
  /**
   * A bid of this much ends the round at once. If no sale results, contracts whose answers the round did not wait for
   * are asked again.
   */
  instantBuy?: Minor;
}

/** Terms that hold from some time after the lead's receipt, ms. */
export interface Stage extends Sale {
  after: number;
}

/** Which leads are of the same person, and for how long that person is not sold again. */
export interface DuplicateRule {
  by: ('phone' | 'email')[];
  /** Whether one equal field is enough, or all must be equal. Empty fields are never equal. */
  match: 'any' | 'all';
  withinDays: number;
  /**
   * Whose earlier leads count: those of the contract, of the buyer under any contract, or of any buyer in the
   * campaign.
   */
  per: 'contract' | 'buyer' | 'campaign';
}

/** A question to an outside service about a lead: scoring, validation, do-not-call. */
export interface Check extends Endpoint {
  name: string;
  /** Fields that the service is sent. */
  sends: string[];
  /** The key in its answer that counts: a number, text or boolean. */
  answer: string;
  atLeast?: number;
  atMost?: number;
  equals?: string;
  /** Whether a lead passes if the service gives no usable answer. */
  whenSilent: 'pass' | 'fail';
}

/** Waits between the rounds, ms; the last one repeats until the lead expires. */
export interface PendingTerms {
  retryAfter: number[];
  /** How long after its receipt an unsold lead expires, ms. */
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
  /** Whether sources are answered with the address that a buyer wants the person to be sent to. */
  redirects?: boolean;
  /** Names of the fields that a lead must have. */
  required: string[];
  /** Declarations of its custom fields; undeclared ones are texts. */
  fields?: FieldDeclarations;
  sale: Sale;
  /** Later terms, in order of their time; before the first of them `sale` holds. */
  stages?: Stage[];
  margin?: Margin;
  pending: PendingTerms;
  duplicates?: DuplicateRule;
  checks?: Check[];
  /** How long after a lead's end its personal data is kept, ms. Absent: as long as the settings say. */
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
  /** Percentage of the price that is refunded. */
  refund: number;
  /** Whether the return frees the contract's caps again. */
  freesCap: boolean;
  /** Whether the lead is offered to other buyers again. */
  resell: boolean;
}

/** A buyer's terms within a campaign. */
export interface Contract extends Pausable {
  /** `ACME1234/auto-insurance/northwind`: part of the ids of pings, posts and sales, so it never changes. */
  id: string;
  campaign: string;
  buyer: string;
  /** Contracts of tier 1 are asked first. A tier is asked only if the earlier tiers bought nothing. */
  tier: number;
  /** Its weight if the campaign awards by weight. */
  weight: number;
  /** Two-letter codes; absent: every state. */
  states?: string[];
  filters?: Filter[];
  sources?: { only?: string[]; not?: string[] };
  schedule?: Schedule;
  /** A fixed price; absent: the buyer is pinged for a bid. */
  price?: Minor;
  /** A fixed price for a place in a shared sale, if the campaign's mode is hybrid. */
  sharedPrice?: Minor;
  /** Lowest acceptable bid of this contract. */
  floor?: Minor;
  /** The highest bid that the buyer ever makes: the round need not wait for it once another bid is higher. */
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
  /** The time zone of its windows (IANA). */
  timezone: string;
  duplicates?: DuplicateRule;
  checks?: Check[];
  /** Additional data in its pings: custom fields, hashes of phone and e-mail. */
  ping?: { fields?: string[]; hashes?: ('phone' | 'email')[] };
  /** Merged into the buyer's protocol. */
  protocol?: Protocol;
  /** How leads reach a buyer that has no server for posts. */
  outlet?: Outlet;
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
