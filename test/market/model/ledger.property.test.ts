import fc from 'fast-check';
import { expect, test } from 'vitest';
import { split, type Margin, type Share } from '../../../src/market/model/margin.js';
import { refundOf } from '../../../src/market/model/returnShares.js';
import { entriesOf, returnEntriesOf } from '../../../src/store/sales/ledger.js';
import type { EntryDocument } from '../../../src/store/documents.js';

const percents = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);
const shares: fc.Arbitrary<Share> = fc.oneof(
  fc.record({ percent: percents }),
  fc.record({ fixed: fc.nat(20_000) }),
);
const margins: fc.Arbitrary<Margin> = fc.oneof(
  shares,
  fc
    .array(shares, { maxLength: 3 })
    .map((all) => ({ bands: all.map((one, i) => ({ from: i * 1000, ...one })) })),
);
const sales = fc.record({
  price: fc.nat(100_000_000),
  margin: margins,
  /** The refund in percent, if the lead is returned. */
  refund: fc.option(percents),
});

const onlyOf = (entries: EntryDocument[], account: string): number =>
  entries.reduce((sum, entry) => sum + (entry.account.startsWith(account) ? entry.amount : 0), 0);

test('The ledger of any sales and returns sums to zero, and no refund exceeds its payment', () => {
  fc.assert(
    fc.property(fc.array(sales, { minLength: 1, maxLength: 4 }), (all) => {
      const ledger = all.flatMap(({ price, margin, refund }, i) => {
        const sale = {
          _id: `sale-${i}`,
          lead: `lead-${i}`,
          seller: 'ACME1234',
          campaign: 'ACME1234/auto',
          contract: 'ACME1234/auto/northwind',
          buyer: 'northwind',
          price,
          earns: split(price, margin).sellerEarns,
          exclusive: true,
          currency: 'USD',
          round: 1,
          test: false,
          at: new Date(0),
        };
        const entries = entriesOf(sale);
        if (refund !== null) entries.push(...returnEntriesOf(sale, refundOf(sale, refund), sale.at));
        const [buyer, seller, house] = [
          onlyOf(entries, 'buyer'),
          onlyOf(entries, 'seller'),
          onlyOf(entries, 'house'),
        ];
        expect(buyer <= 0 && seller >= 0 && house >= 0).toBe(true);
        return entries;
      });
      expect(onlyOf(ledger, '')).toBe(0);
      expect(new Set(ledger.map(({ _id }) => _id)).size).toBe(ledger.length);
    }),
    { numRuns: 2000 },
  );
});
