import { toDecimal, type Minor } from '../money.js';

/** Minimum width, minor units: a band that holds a single price would reveal it. */
const NARROWEST = 10;

/**
 * The band that contains a price, for readers who must not know the price itself. Its width is one unit of the
 * price's first digit: $45.00 is in "40-50", $12.50 in "10-20", the end excluded.
 */
export function bandOf(price: Minor, currency: string): string {
  const width = Math.max(NARROWEST, 10 ** (String(price).length - 1));
  const from = Math.floor(price / width) * width;
  return `${toDecimal(from, currency)}-${toDecimal(from + width, currency)}`;
}
