import { describe, expect, test } from 'vitest';
import { isDecided, pingLimit } from '../../../src/market/auction/earlyClose.js';
import type { Bid, Candidate, Entry } from '../../../src/market/model/round.js';
import type { Sale } from '../../../src/market/model/market.js';

const exclusive: Sale = { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' };
const shared: Sale = { ...exclusive, mode: 'shared', maxBuyers: 2 };
const hybrid: Sale = { ...exclusive, mode: 'hybrid', maxBuyers: 2 };

const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  contract: 'c',
  buyer: 'b',
  tier: 1,
  ...more,
});
const bid = (of: number | Bid, more: Partial<Candidate> = {}): Entry => ({
  ...candidate(more),
  bid: typeof of === 'number' ? { price: of } : of,
});
const noBid: Entry = { ...candidate(), noBid: { reason: 'no_bid' } };

const below = candidate({ ceiling: 3999 });
const asHigh = candidate({ ceiling: 4000 });

describe('A round is decided', () => {
  test.each<[string, Sale, Entry[], Candidate[]]>([
    ['if everybody has answered, and somebody bids', exclusive, [bid(4000)], []],
    ['if the others never bid as much', exclusive, [bid(4000), noBid], [below, below]],
    ['by the best bid, in whatever order they came', exclusive, [bid(2000), bid(4000)], [below]],
    ['if the last place goes to a bid above all others', shared, [bid(4000), bid(5000)], [below]],
    ['by a bid at the floor', exclusive, [bid(1000)], [candidate({ ceiling: 999 })]],
    ['by a bid of the price that ends it at once', { ...exclusive, instantBuy: 4000 }, [bid(4000)], [asHigh]],
    ['by that price in a hybrid sale, too', { ...hybrid, instantBuy: 4000 }, [bid(4000)], [candidate()]],
    [
      'by that price, whatever the award goes by',
      { ...exclusive, award: 'expectedValue', instantBuy: 4000 },
      [bid(4000)],
      [candidate()],
    ],
  ])('%s', (_, sale, entries, out) => {
    expect(isDecided(sale, entries, out)).toBe(true);
  });

  test.each<[string, Sale, Entry[], Candidate[]]>([
    ['not if one of the others may bid as much', exclusive, [bid(4000)], [below, asHigh]],
    ['not if one of the others may bid anything', exclusive, [bid(4000)], [candidate()]],
    ['not if nobody bids', exclusive, [noBid], []],
    ['not by a bid below the floor', exclusive, [bid(999)], [candidate({ ceiling: 1 })]],
    ['not by a bid below the floor of its contract', exclusive, [bid(4000, { floor: 4001 })], [below]],
    ['not if a place is left', shared, [bid(4000)], [below]],
    ['not by a bid for a place', exclusive, [bid({ shared: 4000 })], [below]],
    ['not in a hybrid sale', hybrid, [bid(4000), bid(4000)], [below]],
    [
      'not if the award goes by expected value',
      { ...exclusive, award: 'expectedValue' },
      [bid(4000)],
      [below],
    ],
    [
      'not by less than the price that ends it at once',
      { ...exclusive, instantBuy: 4001 },
      [bid(4000)],
      [asHigh],
    ],
    ['not by that price below the floor', { ...exclusive, instantBuy: 900 }, [bid(950)], [below]],
  ])('%s', (_, sale, entries, out) => {
    expect(isDecided(sale, entries, out)).toBe(false);
  });
});

describe('A ping may take', () => {
  test.each<[string, number, number | undefined, number]>([
    ['what its contract says, if nobody waits for the lead', 800, undefined, 800],
    ['what its contract says, if the answer window is long', 800, 5000, 800],
    ['what is left of the window less a second for the post', 5000, 4000, 3000],
    ['two thirds of a short window', 5000, 1500, 1000],
    ['whole milliseconds', 5000, 100, 66],
    ['50 ms, if exactly that is left', 5000, 75, 50],
    ['what its contract says, if less than 50 ms are left', 5000, 74, 5000],
    ['what its contract says, if the window is over', 5000, -10, 5000],
  ])('%s', (_, timeoutMs, left, limit) => {
    const now = 1_000_000;
    expect(pingLimit(timeoutMs, left === undefined ? undefined : now + left, now)).toBe(limit);
  });
});
