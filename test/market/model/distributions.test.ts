import { describe, expect, test } from 'vitest';
import { drawAcceptance, drawBid, draw, type BidModel } from '../../../src/market/model/distributions.js';

const contract = 'ACME/auto/best';
const leads = Array.from({ length: 1000 }, (_, i) => `lead-${i}`);
const model: BidModel = { bids: { lowest: 1000, highest: 1003 }, bidsOn: 100, accepts: 100 };
const modes = ['exclusive', 'shared', 'hybrid'] as const;

test('What is drawn stays the same, differs by lead, contract and question, and is below 1', () => {
  expect(draw('l', contract, 'bids')).toBe(draw('l', contract, 'bids'));
  const all = [
    draw('l', contract, 'bids'),
    draw('m', contract, 'bids'),
    draw('l', 'x', 'bids'),
    draw('l', contract, 'bid'),
  ];
  expect(new Set(all).size).toBe(4);
  expect(all.every((one) => one >= 0 && one < 1)).toBe(true);
});

describe('The model of a buyer bids', () => {
  test('every amount from the lowest to the highest', () => {
    const prices = leads.map((lead) => drawBid(model, lead, contract, 'exclusive')?.price ?? 0);
    expect([...new Set(prices)].sort()).toEqual([1000, 1001, 1002, 1003]);
  });

  test('on as many of 100 leads as its percentage says', () => {
    const on = (bidsOn: number) =>
      leads.filter((lead) => drawBid({ ...model, bidsOn }, lead, contract, 'exclusive')).length;
    expect(on(100)).toBe(1000);
    expect(on(0)).toBe(0);
    expect(on(30)).toBeGreaterThan(250);
    expect(on(30)).toBeLessThan(350);
  });

  test.each<[string, (typeof modes)[number], Partial<BidModel>, object | undefined]>([
    ['a price in an exclusive sale', 'exclusive', {}, { price: 1000 }],
    ['a price in a shared sale, too', 'shared', {}, { price: 1000 }],
    ['the price of a place in a shared sale', 'shared', { sharedBids: at(500) }, { price: 500 }],
    ['no price of a place in an exclusive sale', 'exclusive', { sharedBids: at(500) }, { price: 1000 }],
    ['both in a hybrid sale', 'hybrid', { sharedBids: at(500) }, { price: 1000, shared: 500 }],
    ['only for the lead, if it wants no places', 'hybrid', {}, { price: 1000 }],
    ['only for a place', 'hybrid', { bids: undefined, sharedBids: at(500) }, { shared: 500 }],
    ['nothing without amounts', 'hybrid', { bids: undefined }, undefined],
    [
      'nothing in an exclusive sale, if it wants places',
      'exclusive',
      { bids: undefined, sharedBids: at(5) },
      undefined,
    ],
  ])('%s', (_, mode, more, bid) => {
    expect(drawBid({ ...model, bids: at(1000), ...more }, 'l', contract, mode)).toEqual(bid);
  });
});

test('The model accepts as many of 100 leads as its percentage says', () => {
  const of = (percent: number) => leads.filter((lead) => drawAcceptance(percent, lead, contract)).length;
  expect([of(0), of(100)]).toEqual([0, 1000]);
  expect(of(70)).toBeGreaterThan(650);
  expect(of(70)).toBeLessThan(750);
});

function at(amount: number) {
  return { lowest: amount, highest: amount };
}
