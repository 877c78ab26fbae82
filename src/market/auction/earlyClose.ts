import { floorOf, placesOf } from './prices.js';
import type { Candidate, Entry } from '../model/round.js';
import type { Sale } from '../model/market.js';

/** Part of the answer window that is reserved for the post, ms. */
const POST_RESERVE_MS = 1000;
/** Pings with less time than this are pointless, ms. */
const LEAST_PING_MS = 50;

/**
 * Timeout of a ping, ms: the rest of the answer window minus the reserve for the post, but at most the contract's own
 * timeout. After the window, no source is waiting, and the buyer gets its full timeout.
 * @param answerBy deadline for the answer to the source, UTC ms; absent if no source is waiting
 */
export function pingLimit(timeoutMs: number, answerBy: number | undefined, now: number): number {
  if (answerBy === undefined) return timeoutMs;
  const window = answerBy - now;
  const left = window - Math.min(POST_RESERVE_MS, window / 3);
  return left < LEAST_PING_MS ? timeoutMs : Math.min(timeoutMs, Math.floor(left));
}

/**
 * Whether no outstanding answer can change who buys: a bid reached the instant-buy price, or the winning bids are
 * above the ceilings of all outstanding contracts.
 */
export function isDecided(sale: Sale, entries: readonly Entry[], out: readonly Candidate[]): boolean {
  const bids = entries
    .flatMap((entry) =>
      'bid' in entry && entry.bid.price !== undefined ? [{ entry, price: entry.bid.price }] : [],
    )
    .filter(({ entry, price }) => price >= floorOf(sale, entry.floor, 'exclusive'))
    .map(({ price }) => price)
    .sort((a, b) => b - a);
  const [best] = bids;
  if (best !== undefined && sale.instantBuy !== undefined && best >= sale.instantBuy) return true;
  if (sale.award !== 'highestBid' || sale.mode === 'hybrid') return false;
  const lastToWin = bids[placesOf(sale) - 1];
  return lastToWin !== undefined && out.every(({ ceiling = Infinity }) => ceiling < lastToWin);
}
