import type { Minor } from '../money.js';

/** What a ping promises the seller for a lead. */
export interface PricePromise {
  /** What the seller earns if every bidder that the ping has found buys. */
  price: Minor;
  /** What it earns at least from each buyer; for a sale to one buyer, the price. */
  least: Minor;
  /** The contracts whose limits are reserved for the lead, and what each would pay. */
  reserved: { contract: string; buyer: string; price: Minor }[];
}
