import { describe, expect, test } from 'vitest';
import {
  aboveCeiling,
  floorOf,
  isBelowFloor,
  lowestPrice,
  placesOf,
  priceIn,
  type SaleForm,
} from '../../../src/market/auction/prices.js';
import type { Bid } from '../../../src/market/model/round.js';
import type { Contract, Sale } from '../../../src/market/model/market.js';

const exclusive: Sale = { mode: 'exclusive', maxBuyers: 3, floor: 1000, award: 'highestBid' };
const shared: Sale = { mode: 'shared', maxBuyers: 3, floor: 1000, sharedFloor: 400, award: 'highestBid' };
const hybrid: Sale = { mode: 'hybrid', maxBuyers: 3, floor: 1000, sharedFloor: 400, award: 'highestBid' };
const hybridWithOneFloor: Sale = { mode: 'hybrid', maxBuyers: 3, floor: 1000, award: 'highestBid' };

describe('A bid with a price and a shared price is worth', () => {
  test.each<[string, Sale, SaleForm, number]>([
    ['its price in an exclusive sale', exclusive, 'exclusive', 4500],
    ['its price in a shared sale', shared, 'shared', 4500],
    ['its price for the lead alone in a hybrid sale', hybrid, 'exclusive', 4500],
    ['its shared price for a place in a hybrid sale', hybrid, 'shared', 2000],
  ])('%s', (_, sale, form, price) => {
    expect(priceIn(sale, { price: 4500, shared: 2000 }, form)).toBe(price);
  });

  test('nothing in a form that it does not name', () => {
    expect(priceIn(hybrid, { price: 4500 }, 'shared')).toBeUndefined();
    expect(priceIn(hybrid, { shared: 2000 }, 'exclusive')).toBeUndefined();
  });
});

test.each([
  ['An exclusive sale has one place, whatever the most is', exclusive, 1],
  ['A shared sale has as many places as buyers may get the lead', shared, 3],
  ['A hybrid sale has as many places as buyers may get the lead', hybrid, 3],
])('%s', (_, sale, places) => {
  expect(placesOf(sale)).toBe(places);
});

describe('The floor is', () => {
  test.each<[string, Sale, number | undefined, SaleForm, number]>([
    ['the campaign’s in an exclusive sale', exclusive, undefined, 'exclusive', 1000],
    ['the campaign’s in a shared sale, which has no floor for places', shared, undefined, 'shared', 1000],
    ['the campaign’s for the lead alone in a hybrid sale', hybrid, undefined, 'exclusive', 1000],
    ['the campaign’s for a place in a hybrid sale', hybrid, undefined, 'shared', 400],
    ['one for both forms, if a hybrid sale names one', hybridWithOneFloor, undefined, 'shared', 1000],
    ['the contract’s, if it is higher', exclusive, 1500, 'exclusive', 1500],
    ['the campaign’s, if the contract’s is lower', exclusive, 500, 'exclusive', 1000],
    ['the contract’s for a place, too', hybrid, 500, 'shared', 500],
  ])('%s', (_, sale, floor, form, least) => {
    expect(floorOf(sale, floor, form)).toBe(least);
  });
});

describe('The least that a contract can come to pay is', () => {
  test.each<[string, Sale, Pick<Contract, 'price' | 'sharedPrice' | 'floor'>, number]>([
    ['its price, if it names one', exclusive, { price: 4500 }, 4500],
    ['its price, even below the floor', exclusive, { price: 200 }, 200],
    ['its price where the sale has no shared prices', shared, { price: 4500, sharedPrice: 2000 }, 4500],
    ['the lower of both prices in a hybrid sale', hybrid, { price: 4500, sharedPrice: 2000 }, 2000],
    ['the lower of both, if that is the price', hybrid, { price: 1500, sharedPrice: 2000 }, 1500],
    ['its price in a hybrid sale, if it names no shared one', hybrid, { price: 4500 }, 4500],
    ['its shared price, if it names no other', hybrid, { sharedPrice: 2000 }, 2000],
    ['nothing, if it names only a price that the sale does not have', shared, { sharedPrice: 2000 }, 0],
    ['the floor, if it bids', exclusive, {}, 1000],
    ['its own floor, if it bids', exclusive, { floor: 1500 }, 1500],
    ['the lower floor, if it bids in a hybrid sale', hybrid, {}, 400],
    [
      'the lower floor, also if that is the one for the lead alone',
      { ...hybrid, sharedFloor: 1200 },
      {},
      1000,
    ],
  ])('%s', (_, sale, contract, least) => {
    expect(lowestPrice(sale, contract)).toBe(least);
  });
});

describe('A bid under a ceiling of $50.00', () => {
  test.each<[string, Bid]>([
    ['may be below it', { price: 4999 }],
    ['may be as high', { price: 5000, shared: 5000 }],
    ['may be for a place only', { shared: 5000 }],
  ])('%s', (_, bid) => {
    expect(aboveCeiling(bid, 5000, 'USD')).toBeUndefined();
  });

  test.each<[string, Bid, string]>([
    ['is refused above it', { price: 5001 }, 'bid'],
    ['is refused for its shared price', { price: 5000, shared: 5001 }, 'shared_bid'],
    ['is refused for a shared price alone', { shared: 5001 }, 'shared_bid'],
    ['is refused for the price first', { price: 5001, shared: 5001 }, 'bid'],
  ])('%s', (_, bid, key) => {
    expect(aboveCeiling(bid, 5000, 'USD')).toEqual({
      reason: 'invalid_response',
      detail: `${key} is above the ceiling of $50.00 that the contract names`,
    });
  });

  test('is never refused without a ceiling', () => {
    expect(aboveCeiling({ price: 1_000_000 }, undefined, 'USD')).toBeUndefined();
  });
});

describe('A bid is below the floor', () => {
  test.each<[string, Sale, Bid, number | undefined, boolean]>([
    ['one cent under it', exclusive, { price: 999 }, undefined, true],
    ['not at it', exclusive, { price: 1000 }, undefined, false],
    ['under its contract’s floor', exclusive, { price: 1499 }, 1500, true],
    ['not if one of two forms is enough', hybrid, { price: 999, shared: 400 }, undefined, false],
    ['not if the other of two forms is enough', hybrid, { price: 1000, shared: 399 }, undefined, false],
    ['if neither form is enough', hybrid, { price: 999, shared: 399 }, undefined, true],
    ['if it names no price of the sale', exclusive, { shared: 5000 }, undefined, true],
  ])('%s', (_, sale, bid, floor, isBelow) => {
    expect(isBelowFloor(sale, { bid, floor })).toBe(isBelow);
  });
});
