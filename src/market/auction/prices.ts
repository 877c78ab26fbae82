import { formatMoney, type Minor } from '../money.js';
import type { Bid, NoBid } from '../model/round.js';
import type { Contract, Sale } from '../model/market.js';

/** Whether a bid is for the lead alone or for a place in a shared sale. */
export type SaleForm = 'exclusive' | 'shared';

/** The bid for a form of sale; undefined if it does not cover that form. */
export function priceIn(sale: Sale, bid: Bid, form: SaleForm): Minor | undefined {
  return sale.mode === 'hybrid' && form === 'shared' ? bid.shared : bid.price;
}

export const placesOf = ({ mode, maxBuyers }: Sale): number => (mode === 'exclusive' ? 1 : maxBuyers);

/** The lowest acceptable bid of a contract for a form of sale. */
export function floorOf(sale: Sale, floor: Minor | undefined, form: SaleForm): Minor {
  const campaign =
    sale.mode === 'hybrid' && form === 'shared' ? (sale.sharedFloor ?? sale.floor) : sale.floor;
  return Math.max(campaign, floor ?? 0);
}

/**
 * The lowest price that a contract can end up paying. A contract that is pinged has no known price yet, only its
 * floor.
 */
export function lowestPrice(
  sale: Sale,
  { price, sharedPrice, floor }: Pick<Contract, 'price' | 'sharedPrice' | 'floor'>,
): Minor {
  if (price === undefined && sharedPrice === undefined)
    return Math.min(floorOf(sale, floor, 'exclusive'), floorOf(sale, floor, 'shared'));
  const shared = sale.mode === 'hybrid' ? sharedPrice : undefined;
  return Math.min(price ?? shared ?? 0, shared ?? price ?? 0);
}

/** The reason for a bid above its contract's ceiling; undefined if it is not above it. */
export function aboveCeiling(
  { price, shared }: Bid,
  ceiling: Minor | undefined,
  currency: string,
): NoBid | undefined {
  if (ceiling === undefined || Math.max(price ?? 0, shared ?? 0) <= ceiling) return undefined;
  const key = (price ?? 0) > ceiling ? 'bid' : 'shared_bid';
  const detail = `${key} is above the ceiling of ${formatMoney(ceiling, currency)} that the contract names`;
  return { reason: 'invalid_response', detail };
}

/** Whether a bid is below the floor in every form of sale. */
export const isBelowFloor = (sale: Sale, { bid, floor }: { bid: Bid; floor?: Minor }): boolean =>
  (['exclusive', 'shared'] as const).every((form) => {
    const price = priceIn(sale, bid, form);
    return price === undefined || price < floorOf(sale, floor, form);
  });
