import { fraction } from '../hash.js';
import type { Minor } from '../money.js';
import type { Bid } from './round.js';
import type { Sale } from './market.js';

/** Each amount from the lowest to the highest, both included, is as likely as any other. */
export interface PriceRange {
  lowest: Minor;
  highest: Minor;
}

/** What a buyer is taken to do with leads that nobody has asked it about. */
export interface BidModel {
  /** What it bids for a lead. Absent: the contract has a price, or the buyer wants places alone. */
  bids?: PriceRange;
  /** What it bids for a place in a shared sale. Absent: as for a lead where the sale is shared, nothing where it is hybrid. */
  sharedBids?: PriceRange;
  /** Of 100 leads that it is asked about. */
  bidsOn: number;
  /** Of 100 leads that it is sent. */
  accepts: number;
}

/**
 * A number from 0 up to 1 that looks drawn by chance and is the same each time: a simulation that is repeated comes out
 * the same, and two with different terms differ by these alone.
 * @param what tells apart what is drawn for one lead and contract
 */
export const draw = (leadId: string, contract: string, what: string): number =>
  fraction(`${leadId}/${contract}/${what}`);

/** What the model bids for a lead that is sold in this way; undefined where it does not bid. */
export function drawBid(
  { bids, sharedBids, bidsOn }: BidModel,
  leadId: string,
  contract: string,
  mode: Sale['mode'],
): Bid | undefined {
  if (draw(leadId, contract, 'bids') * 100 >= bidsOn) return undefined;
  // One draw for both: who values a lead highly values a place in it highly.
  const at = draw(leadId, contract, 'bid');
  const within = ({ lowest, highest }: PriceRange): Minor => lowest + Math.floor(at * (highest - lowest + 1));
  const alone = mode === 'shared' ? (sharedBids ?? bids) : bids;
  const place = mode === 'hybrid' ? sharedBids : undefined;
  if (alone === undefined && place === undefined) return undefined;
  return { ...(alone && { price: within(alone) }), ...(place && { shared: within(place) }) };
}

export const drawAcceptance = (percent: number, leadId: string, contract: string): boolean =>
  draw(leadId, contract, 'accepts') * 100 < percent;
