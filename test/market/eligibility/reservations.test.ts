import { describe, expect, test } from 'vitest';
import { compileContracts, type CompiledCampaign } from '../../../src/market/eligibility/compileCampaign.js';
import { currencyExclusion, reservationNeeds } from '../../../src/market/eligibility/reservation.js';
import {
  confirmReservation,
  purchasesOf,
  addToBalance,
  releaseReservation,
  releaseReturned,
  reserve,
  type ReservationRequest,
  type Reservations,
} from '../../../src/market/eligibility/reservationsInMemory.js';
import type { Purchase } from '../../../src/market/limits/duplicates.js';
import type { Buyer, Campaign, Contract, DuplicateRule, Sale } from '../../../src/market/model/market.js';
import { buyerOf, CAMPAIGN, campaignOf, contractOf, START } from '../simulate/live.js';

const ID = `${CAMPAIGN}/a`;
const DAY = 'day:2026-11-24';
const rule: DuplicateRule = { by: ['phone'], match: 'any', withinDays: 30, per: 'contract' };
const perCampaign: DuplicateRule = { ...rule, per: 'campaign' };

function marketOf(
  contracts: Record<string, Partial<Contract>>,
  campaign: Partial<Campaign> = {},
  compared?: ReadonlySet<string>,
): CompiledCampaign {
  const all = Object.entries(contracts).map(([buyer, terms]) => contractOf(buyer, terms));
  return {
    seller: { code: 'ACME1234', slug: 'acme', name: 'Acme', active: true, postbacks: [] },
    campaign: campaignOf(campaign),
    contracts: compileContracts(campaignOf(), all, new Map(all.map(({ buyer }) => [buyer, buyerOf(buyer)]))),
    compared,
  };
}

const needed = (
  market: CompiledCampaign | undefined,
  { test = false, award = 'highestBid' }: { test?: boolean; award?: Sale['award'] } = {},
) => reservationNeeds(market, ID, { price: 4500, test, award, now: START });

describe('A sale needs a reservation', () => {
  test('under the limits of its contract, and for a test lead under none', () => {
    const market = marketOf({ b: { caps: { day: 9 } }, a: { caps: { day: 1 }, budget: { day: 9000 } } });
    expect(needed(market).limits).toMatchObject([
      { counter: 'sold', most: 1, adds: 1 },
      { counter: 'spent', most: 9000, adds: 4500 },
    ]);
    expect(needed(market).limiting?.contract).toMatchObject({ id: ID });
    expect(needed(market, { test: true }).limits).toEqual([]);
  });

  test('under the rules on duplicates of the campaign and of its contract', () => {
    expect(needed(marketOf({ a: { duplicates: rule } }, { duplicates: perCampaign })).duplicates).toEqual([
      perCampaign,
      rule,
    ]);
    expect(needed(marketOf({ a: {} })).duplicates).toEqual([]);
  });

  test('that counts offers, if the award goes by expected value and the lead is no test', () => {
    const market = marketOf({ a: {} });
    expect(needed(market, { award: 'expectedValue' }).countsOffers).toBe(true);
    expect(needed(market, { award: 'expectedValue', test: true }).countsOffers).toBe(false);
    expect(needed(market).countsOffers).toBe(false);
  });

  test.each<[string, CompiledCampaign | undefined, boolean]>([
    ['at once, if its contract has a rule', marketOf({ a: { duplicates: rule } }), true],
    ['at once, if its campaign has one', marketOf({ a: {} }, { duplicates: rule }), true],
    ['at once, if another contract compares its buyer', marketOf({ a: {} }, {}, new Set(['a'])), true],
    [
      'at once, if another contract compares the campaign',
      marketOf({ a: {}, b: { duplicates: perCampaign } }),
      true,
    ],
    ['later, if nothing compares', marketOf({ a: {} }, {}, new Set(['b'])), false],
    ['later, if another contract compares itself', marketOf({ a: {}, b: { duplicates: rule } }), false],
    ['later, if the contract is gone', marketOf({ b: { duplicates: perCampaign } }), false],
    ['later, if the campaign is gone', undefined, false],
  ])('that notes the person %s', (_, market, isNoted) => {
    expect(needed(market).notesPerson).toBe(isNoted);
  });

  test('of nothing, if the campaign is gone', () => {
    expect(needed(undefined)).toEqual({
      limits: [],
      duplicates: [],
      notesPerson: false,
      countsOffers: false,
    });
  });
});

test('A campaign in another currency is closed to the lead', () => {
  expect(currencyExclusion('EUR', 'USD')).toEqual({
    reason: 'closed',
    detail: 'the campaign changed from USD to EUR',
  });
});

describe('In memory,', () => {
  const purchase: Purchase = {
    phone: 'p',
    email: 'e',
    sale: 's1',
    lead: 'l1',
    contract: ID,
    buyer: 'a',
    campaign: CAMPAIGN,
    at: START,
  };
  const empty = (): Reservations => ({ usage: new Map(), purchases: new Map() });
  const terms = { caps: { day: 1 }, postCaps: { day: 9 }, budget: { day: 9000 } };

  function asked(
    contract: Partial<Contract>,
    more: Partial<ReservationRequest> = {},
    buyer: Partial<Buyer> = {},
  ): ReservationRequest {
    const need = needed(marketOf({ a: contract }));
    return {
      ...need,
      purchase,
      price: 4500,
      currency: 'USD',
      test: false,
      buyer: { id: 'a', ...buyer },
      ...more,
    };
  }

  test('a reservation counts the sale, the post and the price, and a second one finds the cap full', () => {
    const reservations = empty();
    expect(reserve(reservations, asked(terms))).toBeUndefined();
    const counted = { sold: { [DAY]: 1 }, posts: { [DAY]: 1 }, spent: { [DAY]: 4500 } };
    expect(reservations.usage.get(ID)).toEqual(counted);
    expect(reserve(reservations, asked(terms))).toMatchObject({
      reason: 'capped',
      change: { what: 'window' },
    });
    expect(reservations.usage.get(ID)).toEqual(counted);
  });

  test('a sale that fails gives back what it reserved but the post', () => {
    const reservations = empty();
    const one = asked({ ...terms, duplicates: rule }, {}, { balance: 1, currency: 'USD' });
    addToBalance(reservations, 'a', 5000);
    expect(reserve(reservations, one)).toBeUndefined();
    expect(reservations.usage.get('buyer:a')).toEqual({ balance: 500 });
    expect(purchasesOf(reservations, purchase, START)).toHaveLength(2);
    releaseReservation(reservations, one);
    expect(reservations.usage.get(ID)).toEqual({
      sold: { [DAY]: 0 },
      posts: { [DAY]: 1 },
      spent: { [DAY]: 0 },
    });
    expect(reservations.usage.get('buyer:a')).toEqual({ balance: 5000 });
    expect(purchasesOf(reservations, purchase, START)).toEqual([]);
  });

  test('a return gives back its part of the price, and the cap only if that is agreed', () => {
    for (const [freesCap, counted] of [
      [true, { sold: { [DAY]: 0 }, posts: { [DAY]: 1 }, spent: { [DAY]: 1500 } }],
      [false, { sold: { [DAY]: 1 }, posts: { [DAY]: 1 }, spent: { [DAY]: 4500 } }],
    ] as const) {
      const reservations = empty();
      const one = asked(terms, {}, { balance: 1, currency: 'USD' });
      addToBalance(reservations, 'a', 4500);
      reserve(reservations, one);
      confirmReservation(reservations, one);
      releaseReturned(reservations, one, 3000, freesCap);
      expect(reservations.usage.get(ID)).toEqual(counted);
      expect(reservations.usage.get('buyer:a')).toEqual({ balance: 3000 });
      expect(purchasesOf(reservations, purchase, START)).toEqual([]);
    }
  });

  test('a prepaid buyer pays only for what it can, and nothing for a test lead', () => {
    const prepaid = { balance: 1, currency: 'USD' };
    const reservations = empty();
    addToBalance(reservations, 'a', 4499);
    expect(reserve(reservations, asked(terms, {}, prepaid))).toMatchObject({ reason: 'no_balance' });
    expect(reservations.usage.get(ID)).toBeUndefined();
    const test = asked({}, { test: true }, prepaid);
    expect(reserve(reservations, test)).toBeUndefined();
    expect(reservations.usage.get('buyer:a')).toEqual({ balance: 4499 });
    releaseReservation(reservations, test);
    releaseReturned(reservations, test, 100, true);
    expect(reservations.usage.get('buyer:a')).toEqual({ balance: 4499 });
  });

  test('a duplicate is refused before any limit', () => {
    const reservations = empty();
    const one = asked({ ...terms, duplicates: rule });
    reserve(reservations, one);
    const again = { ...one, purchase: { ...purchase, lead: 'l2', sale: 's2', at: START + 1 } };
    expect(reserve(reservations, again)).toEqual({ reason: 'duplicate', detail: 'within 30 days, by phone' });
    expect(reserve(reservations, { ...again, purchase: { ...again.purchase, phone: 'q' } })).toMatchObject({
      reason: 'capped',
    });
  });

  test('a purchase counts from its time on, once, and only for its person', () => {
    const reservations = empty();
    const one = asked({ duplicates: rule });
    reserve(reservations, one);
    confirmReservation(reservations, one);
    expect(purchasesOf(reservations, { phone: 'p' }, START)).toEqual([purchase]);
    expect(purchasesOf(reservations, { phone: 'p' }, START - 1)).toEqual([]);
    expect(purchasesOf(reservations, { phone: 'q' }, START)).toEqual([]);
    const other = { ...one, purchase: { ...purchase, sale: 's2', lead: 'l2' } };
    confirmReservation(reservations, other);
    releaseReservation(reservations, one);
    expect(purchasesOf(reservations, { phone: 'p' }, START)).toEqual([other.purchase]);
  });

  test('the person of a sale without a rule is noted when it is booked', () => {
    const reservations = empty();
    const one = asked({});
    reserve(reservations, one);
    expect(purchasesOf(reservations, purchase, START)).toEqual([]);
    confirmReservation(reservations, one);
    expect(purchasesOf(reservations, { email: 'e' }, START)).toEqual([purchase]);
  });

  test('posts and acceptances are counted for the award by expected value', () => {
    const reservations = empty();
    const one = asked({}, { countsOffers: true });
    reserve(reservations, one);
    expect(reservations.usage.get(ID)?.offers).toEqual({ posted: 1, accepted: 0 });
    confirmReservation(reservations, one);
    reserve(reservations, one);
    expect(reservations.usage.get(ID)?.offers).toEqual({ posted: 2, accepted: 1 });
    const plain = empty();
    reserve(plain, asked({}));
    confirmReservation(plain, asked({}));
    expect(plain.usage.get(ID)?.offers).toBeUndefined();
  });
});
