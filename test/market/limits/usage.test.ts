import { describe, expect, test } from 'vitest';
import {
  buyerAccount,
  fullLimit,
  hasLimits,
  limitsOf,
  balanceCurrencyExclusion,
  fullLimitExclusion,
  balanceExclusion,
  type LimitTerms,
  type Usage,
} from '../../../src/market/limits/usage.js';
import type { Exclusion, MetLimit } from '../../../src/market/model/round.js';

const NOON = Date.UTC(2026, 2, 3, 12);
const HOUR = 3_600_000;
const plain: LimitTerms = { timezone: 'UTC' };

/** The refusal of a lead at noon on 3 March 2026, UTC; undefined if all limits allow it. */
function refusalOf(terms: Partial<LimitTerms>, usage: Usage, price = 4500): Exclusion | undefined {
  const contract = { ...plain, ...terms };
  const full = fullLimit(limitsOf(contract, undefined, price, NOON), usage);
  return full && fullLimitExclusion(full, usage, { limiting: { contract }, currency: 'USD', now: NOON });
}

const withoutFigures = (refusal: Exclusion | undefined) => refusal && { ...refusal, limit: undefined };

describe('A contract is limited', () => {
  test.each<[string, Partial<LimitTerms>, boolean]>([
    ['by caps', { caps: { day: 1 } }, true],
    ['by caps on posts', { postCaps: { day: 1 } }, true],
    ['by a budget', { budget: { day: 1 } }, true],
    ['not by nothing', {}, false],
    ['not by its pace alone', { pace: true }, false],
  ])('%s', (_, terms, expected) => {
    expect(hasLimits({ ...plain, ...terms })).toBe(expected);
  });
});

describe('A sale counts against', () => {
  test('every limit of the contract, by its window', () => {
    const contract: LimitTerms = {
      timezone: 'America/Chicago',
      caps: { total: 9, hour: 1, day: 2, week: 3, month: 4 },
      postCaps: { day: 5 },
      budget: { month: 10_000 },
    };
    const limits = limitsOf(contract, undefined, 4500, Date.UTC(2026, 2, 3, 2));
    expect(
      limits.map(({ counter, period, most, adds, paced }) => [counter, period, most, adds, paced]),
    ).toEqual([
      ['sold', 'hour', 1, 1, false],
      ['sold', 'day', 2, 1, false],
      ['sold', 'week', 3, 1, false],
      ['sold', 'month', 4, 1, false],
      ['sold', 'total', 9, 1, false],
      ['posts', 'day', 5, 1, false],
      ['spent', 'month', 10_000, 4500, false],
    ]);
    // In Chicago it is still the day before.
    expect(limits[1]?.window).toContain('2026-03-02');
  });

  test('a part of the daily cap alone, if the contract paces it', () => {
    const contract: LimitTerms = { ...plain, caps: { day: 24, hour: 5 }, postCaps: { day: 24 }, pace: true };
    const limits = limitsOf(contract, undefined, 0, NOON);
    expect(limits.map(({ paced }) => paced)).toEqual([false, true, false]);
    expect(limits[1]?.most).toBeLessThan(24);
    expect(limits[2]?.most).toBe(24);
  });

  test('nothing, if the contract has no limits', () => {
    expect(limitsOf(plain, undefined, 4500, NOON)).toEqual([]);
  });
});

describe('A limit refuses a lead', () => {
  const day = 'day:2026-03-03';
  const windowOf = (terms: Partial<LimitTerms>): string =>
    limitsOf({ ...plain, ...terms }, undefined, 0, NOON)[0]?.window ?? '';
  const full = (terms: Partial<LimitTerms>, counter: 'sold' | 'posts' | 'spent', used: number): Usage => ({
    [counter]: { [windowOf(terms)]: used },
  });

  test.each<[string, Partial<LimitTerms>, 'sold' | 'posts' | 'spent', number, Exclusion]>([
    [
      'with its number and when it allows sales again',
      { caps: { day: 5 } },
      'sold',
      5,
      {
        reason: 'capped',
        detail: '5 leads a day, until 2026-03-04 00:00:00 UTC',
        change: { at: NOON + 12 * HOUR, what: 'window' },
      },
    ],
    [
      'of one lead an hour',
      { caps: { hour: 1 } },
      'sold',
      1,
      {
        reason: 'capped',
        detail: '1 lead an hour, until 2026-03-03 13:00:00 UTC',
        change: { at: NOON + HOUR, what: 'window' },
      },
    ],
    [
      'by posts',
      { postCaps: { day: 2 } },
      'posts',
      2,
      {
        reason: 'capped',
        detail: '2 posts a day, until 2026-03-04 00:00:00 UTC',
        change: { at: NOON + 12 * HOUR, what: 'window' },
      },
    ],
    [
      'by money',
      { budget: { day: 10_000 } },
      'spent',
      5501,
      {
        reason: 'over_budget',
        detail: '$100.00 a day, until 2026-03-04 00:00:00 UTC',
        change: { at: NOON + 12 * HOUR, what: 'window' },
      },
    ],
    [
      'that never resets',
      { caps: { total: 3 } },
      'sold',
      3,
      { reason: 'capped', detail: '3 leads in all, which does not reset' },
    ],
  ])('%s', (_, terms, counter, used, refusal) => {
    expect(withoutFigures(refusalOf(terms, full(terms, counter, used)))).toEqual(refusal);
    expect(refusalOf(terms, full(terms, counter, used - 1))).toBeUndefined();
  });

  test('that costs more than the whole limit, without a time', () => {
    expect(withoutFigures(refusalOf({ budget: { day: 4499 } }, {}))).toEqual({
      reason: 'over_budget',
      detail: '$44.99 a day, which is less than the lead costs',
    });
    expect(refusalOf({ budget: { day: 4500 } }, {})).toBeUndefined();
  });

  test('until the next part of a paced cap', () => {
    const terms = { caps: { day: 24 }, pace: true };
    const used = { sold: { [windowOf(terms)]: 20 } };
    expect(refusalOf(terms, used)).toMatchObject({
      reason: 'capped',
      detail: expect.stringMatching(
        /^\d+ of 24 leads a day so far, spread over the day, until 2026-03-03 20:00:00 UTC/,
      ) as string,
      change: { what: 'window' },
    });
  });

  test('until a paced part of a single lead, which is not out of reach', () => {
    const terms = { caps: { day: 1 }, pace: true };
    expect(refusalOf(terms, { sold: { [windowOf(terms)]: 1 } })?.detail).toContain('of 1 lead a day');
  });

  test('without a time, if it is not known whose it is', () => {
    const [limit] = limitsOf({ ...plain, caps: { day: 5 } }, undefined, 0, NOON);
    expect(limit && fullLimitExclusion(limit, {}, { currency: 'USD', now: NOON })).toEqual({
      reason: 'capped',
      detail: '5 leads a day',
      limit: { counter: 'sold', period: 'day', used: 0, most: 5 },
    });
  });

  test.each<[string, Partial<LimitTerms>, Usage, MetLimit]>([
    [
      'a cap, with its next reset',
      { caps: { day: 5 } },
      { sold: { [windowOf({ caps: { day: 5 } })]: 5 } },
      { counter: 'sold', period: 'day', used: 5, most: 5, resetsAt: Date.UTC(2026, 2, 4) },
    ],
    [
      'a cap that does not reset',
      { postCaps: { total: 3 } },
      { posts: { total: 3 } },
      { counter: 'posts', period: 'total', used: 3, most: 3 },
    ],
    [
      'a budget with a rest that is too small',
      { budget: { total: 10_000 } },
      { spent: { total: 9_000 } },
      { counter: 'spent', period: 'total', used: 9_000, most: 10_000 },
    ],
  ])('with the figures of %s', (_, terms, usage, limit) => {
    expect(refusalOf(terms, usage)?.limit).toEqual(limit);
  });

  test('in its own window only', () => {
    expect(windowOf({ caps: { day: 1 } })).not.toBe(windowOf({ caps: { hour: 1 } }));
    expect(refusalOf({ caps: { day: 5 } }, { sold: { [`${day}x`]: 5 } })).toBeUndefined();
  });
});

describe('A prepaid buyer', () => {
  const prepaid = { balance: 10_000, currency: 'USD' };

  test.each<[string, { balance?: number; currency?: string }, Usage | undefined, number, string | undefined]>(
    [
      ['pays with the last cent', prepaid, { balance: 4500 }, 4500, undefined],
      [
        'can’t pay more than is left',
        prepaid,
        { balance: 4499 },
        4500,
        '$44.99 left, which is less than the lead costs',
      ],
      [
        'can’t pay anything with nothing',
        prepaid,
        { balance: 0 },
        0,
        '$0.00 left, which is less than the lead costs',
      ],
      ['pays for a lead that costs nothing with one cent', prepaid, { balance: 1 }, 0, undefined],
      [
        'has nothing before its first payment is booked',
        prepaid,
        undefined,
        1,
        '$0.00 left, which is less than the lead costs',
      ],
      [
        'can’t pay in another currency',
        { ...prepaid, currency: 'EUR' },
        { balance: 9000 },
        1,
        'the balance is in EUR',
      ],
      [
        'can’t pay from an account in another currency',
        prepaid,
        { balance: 9000, currency: 'EUR' },
        1,
        'the balance is in EUR',
      ],
      [
        'can’t pay if its currency is not known',
        { balance: 1 },
        { balance: 9000 },
        1,
        'the balance is in another currency',
      ],
    ],
  )('%s', (_, buyer, account, price, detail) => {
    const excluded = balanceExclusion(buyer, account, price, 'USD');
    expect(excluded?.detail).toBe(detail);
    expect(excluded?.reason).toBe(detail && 'no_balance');
  });

  test('is excluded with the figure of its balance', () => {
    expect(balanceExclusion(prepaid, { balance: 999 }, 4500, 'USD')?.limit).toEqual({
      counter: 'balance',
      most: 999,
    });
  });

  test('is another one than a buyer that is billed, which always pays', () => {
    expect(balanceExclusion({}, undefined, 4500, 'USD')).toBeUndefined();
    expect(balanceCurrencyExclusion({ currency: 'EUR' }, { currency: 'EUR' }, 'USD')).toBeUndefined();
  });

  test('has an account of its own beside its contracts’', () => {
    expect(buyerAccount('best')).toBe('buyer:best');
  });
});
