import { floorOf, placesOf } from './prices.js';
import type { Candidate, Entry } from '../model/round.js';
import type { Sale } from '../model/market.js';

/** How long a post may be expected to take: so much of the answer window is left for it, ms. */
const POST_RESERVE_MS = 1000;
/** A ping that would have less than this is of no use to anybody, ms. */
const LEAST_PING_MS = 50;

/**
 * How long a ping may take, ms: what is left of the answer window less what a post needs, never more than the contract's
 * own limit. Once the window is over nobody waits for it any more, and the buyer gets all of its time.
 * @param answerBy when the source is answered, UTC ms; absent where nobody waits
 */
export function pingLimit(timeoutMs: number, answerBy: number | undefined, now: number): number {
  if (answerBy === undefined) return timeoutMs;
  const window = answerBy - now;
  const left = window - Math.min(POST_RESERVE_MS, window / 3);
  return left < LEAST_PING_MS ? timeoutMs : Math.min(timeoutMs, Math.floor(left));
}

/**
 * Whether no answer that is still out can change who buys: somebody bid the price that ends the round at once, or the
 * bids that win already are above all that the others ever bid.
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
