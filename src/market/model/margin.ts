import type { Minor } from '../money.js';

/** The house's share of a sale: a percentage of the price, to a hundredth of a percent, or an amount. */
export type Share = { percent: number } | { fixed: Minor };

/** One share for every price, or price bands: the band with the highest start at or below the price applies. */
export type Margin = Share | { bands: ({ from: Minor } & Share)[] };

/** The split of one sale; the buyer's part is the sum of the other two. */
export interface Split {
  buyerPays: Minor;
  sellerEarns: Minor;
  house: Minor;
}

/**
 * Splits the price that the buyer pays. The house's part is rounded down, in favour of the seller, and is never more than
 * the price; below the lowest band it is nothing.
 */
export function split(price: Minor, margin: Margin): Split {
  const house = Math.min(price, partOf(price, 'bands' in margin ? bandOf(price, margin.bands) : margin));
  return { buyerPays: price, sellerEarns: price - house, house };
}

/** What the seller earns of a price. */
export const earnedOf = (price: Minor, margin: Margin | undefined): Minor =>
  margin === undefined ? price : split(price, margin).sellerEarns;

function bandOf(price: Minor, bands: ({ from: Minor } & Share)[]): Share | undefined {
  return bands
    .filter(({ from }) => from <= price)
    .reduce<(typeof bands)[number] | undefined>(
      (highest, band) => (highest && highest.from >= band.from ? highest : band),
      undefined,
    );
}

function partOf(price: Minor, share: Share | undefined): Minor {
  if (share === undefined) return 0;
  if ('fixed' in share) return share.fixed;
  // In whole numbers: 10000 × 0.57 is less than 5700.
  return Math.floor((price * Math.round(share.percent * 100)) / 10_000);
}
