import type { Minor } from './money.js';

/** Who sells: the tenant. `code` never changes, `slug` may. */
export interface Seller {
  code: string;
  slug: string;
  name: string;
}

/** A buyer's server: where it is asked and where it receives what it bought. */
export interface Endpoint {
  url: string;
  timeoutMs: number;
}

export interface Buyer {
  id: string;
  name: string;
  /** Absent: the buyer is never asked, its contracts name a price. */
  ping?: Endpoint;
  post: Endpoint;
}

/** A seller's terms for one category. */
export interface Campaign {
  /** `ACME1234/auto-insurance`. */
  id: string;
  seller: string;
  category: string;
  active: boolean;
  /** ISO 4217. */
  currency: string;
  /** Names of the fields that a lead must have. */
  required: string[];
  /** How many buyers may hold the lead; 1 is an exclusive sale. */
  maxBuyers: number;
  floor: Minor;
  /** Waits between the rounds, ms; the last one repeats until the lead expires. */
  retryAfter: number[];
  /** How long after it was received an unsold lead ends, ms. */
  expireAfter: number;
}

/** A buyer's terms within a campaign. */
export interface Contract {
  /** `ACME1234/auto-insurance/northwind`: part of the ids of pings, posts and sales, so it never changes. */
  id: string;
  campaign: string;
  buyer: string;
  /** Two-letter codes; absent: every state. */
  states?: string[];
  /** A fixed price; absent: the buyer is pinged for a bid. */
  price?: Minor;
  /** Offered only once the lead has been unsold this long, ms. */
  delay?: number;
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
