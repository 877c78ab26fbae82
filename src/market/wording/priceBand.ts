import { toDecimal, type Minor } from '../money.js';

/** No band is narrower, minor units: one that held a single price would tell it. */
const NARROWEST = 10;

/**
 * Between which amounts a price is, for those who may not know it: as wide as its first digit counts. $45.00 is in
 * "40-50", $12.50 in "10-20", the end not included.
 */
export function bandOf(price: Minor, currency: string): string {
  const width = Math.max(NARROWEST, 10 ** (String(price).length - 1));
  const from = Math.floor(price / width) * width;
  return `${toDecimal(from, currency)}-${toDecimal(from + width, currency)}`;
}
