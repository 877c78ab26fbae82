import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { split, type Margin, type Share } from '../../../src/market/model/margin.js';

const bands: Margin = {
  bands: [
    { from: 1000, fixed: 150 },
    { from: 5000, percent: 10 },
    { from: 2000, percent: 20 },
  ],
};

describe('Of what the buyer pays, the house keeps', () => {
  test.each<[string, number, Margin, number]>([
    ['nothing', 4550, { percent: 0 }, 0],
    ['a percentage', 4550, { percent: 20 }, 910],
    ['a percentage, rounded down for the seller', 4559, { percent: 12.5 }, 569],
    ['a hundredth of a percent, exactly', 10_000, { percent: 0.57 }, 57],
    ['everything', 4550, { percent: 100 }, 4550],
    ['an amount', 4550, { fixed: 200 }, 200],
    ['an amount, but no more than the price', 150, { fixed: 200 }, 150],
    ['nothing below the lowest band', 999, bands, 0],
    ['the share of its band', 1000, bands, 150],
    ['the share of the next band from its start on', 2000, bands, 400],
    ['the share of the last band for all prices above', 12_345, bands, 1234],
  ])('%s', (_, price, margin, house) => {
    expect(split(price, margin)).toEqual({ buyerPays: price, sellerEarns: price - house, house });
  });
});

test('Any price and margin are split into whole, non-negative parts that add up, rounded in the seller’s favor', () => {
  const percent = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);
  const share: fc.Arbitrary<Share> = fc.oneof(fc.record({ percent }), fc.record({ fixed: fc.nat(100_000) }));
  const banded = fc.array(fc.tuple(fc.nat(100_000), share)).map((all) => ({
    bands: all.map(([from, one]) => ({ from, ...one })),
  }));
  const margin: fc.Arbitrary<Margin> = fc.oneof(share, banded);
  fc.assert(
    fc.property(fc.oneof(fc.nat(100_000), fc.nat(100_000_000_000)), margin, (price, margin) => {
      const { buyerPays, sellerEarns, house } = split(price, margin);
      expect(buyerPays).toBe(price);
      expect(sellerEarns + house).toBe(price);
      expect(Number.isInteger(house) && house >= 0 && sellerEarns >= 0).toBe(true);
      if ('percent' in margin) {
        const exact = BigInt(price) * BigInt(Math.round(margin.percent * 100));
        expect(BigInt(house)).toBe(exact / 10_000n);
      }
    }),
    { numRuns: 2000 },
  );
});
