import { fraction } from '../hash.js';
import type { Minor } from '../money.js';
import type { Bid } from './round.js';
import type { Sale } from './market.js';

/** A uniform distribution of amounts, both bounds included. */
export interface PriceRange {
  lowest: Minor;
  highest: Minor;
}

/** Assumed behaviour of a buyer for leads that it was not asked about. */
export interface BidModel {
  /** Bids for a lead. Absent: the contract has a price, or the buyer wants places in shared sales only. */
  bids?: PriceRange;
  /** Bids for a place in a shared sale. Absent: the same as for a lead if the sale is shared, none if it is hybrid. */
  sharedBids?: PriceRange;
  /** Percentage of leads that it bids on. */
  bidsOn: number;
  /** Percentage of posts that it accepts. */
  accepts: number;
}

/**
 * A pseudorandom number from 0 up to 1 that is the same each time. So a repeated simulation has the same result, and
 * two simulations differ by their terms only.
 * @param what distinguishes the draws for one lead and contract
 */
export const draw = (leadId: string, contract: string, what: string): number =>
  fraction(`${leadId}/${contract}/${what}`);

/** The model's bid for a lead in this mode of sale; undefined if it does not bid. */
export function drawBid(
  { bids, sharedBids, bidsOn }: BidModel,
  leadId: string,
  contract: string,
  mode: Sale['mode'],
): Bid | undefined {
  if (draw(leadId, contract, 'bids') * 100 >= bidsOn) return undefined;
  // One draw for both: a buyer that values a lead highly also values a place in it highly.
  const at = draw(leadId, contract, 'bid');
  const within = ({ lowest, highest }: PriceRange): Minor => lowest + Math.floor(at * (highest - lowest + 1));
  const alone = mode === 'shared' ? (sharedBids ?? bids) : bids;
  const place = mode === 'hybrid' ? sharedBids : undefined;
  if (alone === undefined && place === undefined) return undefined;
  return { price: alone && within(alone), shared: place && within(place) };
}

export const drawAcceptance = (percent: number, leadId: string, contract: string): boolean =>
  draw(leadId, contract, 'accepts') * 100 < percent;
