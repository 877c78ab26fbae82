import { describe, expect, test } from 'vitest';
import type { PastLead, PastSale } from '../../../src/market/simulate/past.js';
import { compareBuyers, mapCompared, sameSales, tallyOf } from '../../../src/market/simulate/tally.js';

const leads = ['l1', 'l2', 'l3'].map((leadId) => ({ facts: { leadId } }) as Pick<PastLead, 'facts'>);
const sale = (buyer: string, price: number, more: Partial<PastSale> = {}): PastSale => ({
  contract: `ACME/auto/${buyer}`,
  buyer,
  price,
  earns: price - 100,
  at: 0,
  ...more,
});
const returned = { at: 5, reason: 'spam', buyerGets: 1000, sellerPays: 800 };

describe('A tally', () => {
  const sales = new Map([
    ['l1', [sale('a', 4000), sale('b', 3000)]],
    ['l2', [sale('a', 2000, { returned })]],
    ['elsewhere', [sale('a', 9999)]],
  ]);

  test('counts leads that a buyer kept, and money less what was given back', () => {
    const tally = tallyOf(leads, sales);
    expect(tally).toMatchObject({ leads: 3, sold: 1, revenue: 8000, earned: 7900 });
    expect(Object.fromEntries(tally.buyers)).toEqual({
      a: { won: 1, spent: 5000 },
      b: { won: 1, spent: 3000 },
    });
  });

  test('counts a lead as sold, if one of two buyers kept it', () => {
    const both = new Map([['l1', [sale('a', 4000, { returned }), sale('b', 3000)]]]);
    expect(tallyOf(leads, both).sold).toBe(1);
  });

  test('of nothing is empty', () => {
    expect(tallyOf([], new Map())).toEqual({ leads: 0, sold: 0, revenue: 0, earned: 0, buyers: new Map() });
  });
});

test('Buyers are compared by what they spend with the change, then without it, then by the books, then by name', () => {
  const tally = (spent: Record<string, number>) =>
    tallyOf(leads, new Map([['l1', Object.entries(spent).map(([buyer, price]) => sale(buyer, price))]]));
  const compared = compareBuyers({
    booked: tally({ a: 1, b: 2, c: 5, e: 5, d: 9 }),
    unchanged: tally({ a: 3, b: 4, c: 4, e: 4, d: 1 }),
    changed: tally({ a: 7, b: 7, c: 7, e: 7, x: 8 }),
  });
  expect(compared.map(({ buyer }) => buyer)).toEqual(['x', 'c', 'e', 'b', 'a', 'd']);
  expect(compared[1]).toEqual({
    buyer: 'c',
    won: { booked: 1, unchanged: 1, changed: 1 },
    spent: { booked: 5, unchanged: 4, changed: 7 },
  });
  expect(compared[0]?.spent).toEqual({ booked: 0, unchanged: 0, changed: 8 });
});

test('Columns are changed one by one', () => {
  expect(mapCompared({ booked: 1, unchanged: 2, changed: 3 }, (one) => one * 10)).toEqual({
    booked: 10,
    unchanged: 20,
    changed: 30,
  });
});

describe('Sales are the same', () => {
  const of = (...sales: PastSale[]) => new Map([['l1', sales]]);

  test.each<[string, ReturnType<typeof of>, ReturnType<typeof of>, number]>([
    ['of all leads, if nothing is sold', new Map(), new Map(), 3],
    ['in whatever order they are', of(sale('a', 1), sale('b', 2)), of(sale('b', 2), sale('a', 1)), 3],
    ['whenever they were', of(sale('a', 1)), of(sale('a', 1, { at: 9 })), 3],
    ['not at another price', of(sale('a', 1)), of(sale('a', 2)), 2],
    ['not to another buyer', of(sale('a', 1)), of(sale('b', 1)), 2],
    ['not if the seller earns less', of(sale('a', 1)), of(sale('a', 1, { earns: 0 })), 2],
    ['not if one is given back', of(sale('a', 1)), of(sale('a', 1, { returned })), 2],
    ['not if one more buyer has it', of(sale('a', 1)), of(sale('a', 1), sale('b', 2)), 2],
  ])('%s', (_, one, other, same) => {
    expect(sameSales(leads, one, other)).toBe(same);
  });
});
