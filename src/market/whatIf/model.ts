import { fnv1a } from '../hash.js';
import type { Minor } from '../money.js';

/** What a buyer is taken to do with leads that nobody has asked it about. */
export interface BidModel {
  /** Each amount from the lowest to the highest is as likely as any other. Absent: the contract has a price. */
  bids?: { lowest: Minor; highest: Minor };
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
export const drawn = (leadId: string, contract: string, what: string): number =>
  fnv1a(`${leadId}/${contract}/${what}`) / 2 ** 32;

/** What the model bids for a lead, minor units; undefined where it does not bid. */
export function bidOf({ bids, bidsOn }: BidModel, leadId: string, contract: string): Minor | undefined {
  if (bids === undefined || drawn(leadId, contract, 'bids') * 100 >= bidsOn) return undefined;
  const { lowest, highest } = bids;
  return lowest + Math.floor(drawn(leadId, contract, 'bid') * (highest - lowest + 1));
}

export const accepts = (percent: number, leadId: string, contract: string): boolean =>
  drawn(leadId, contract, 'accepts') * 100 < percent;
