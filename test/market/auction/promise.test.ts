import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conclude, nextStep, unsoldReason, type OfferAnswer } from '../../../src/market/auction/decide.js';
import { promiseOf, withPingedAnswers } from '../../../src/market/auction/promise.js';
import { earnedOf, type Margin } from '../../../src/market/model/margin.js';
import { MODES, type Sale } from '../../../src/market/model/market.js';
import type { Candidate, Entry, Round } from '../../../src/market/model/round.js';

const exclusive: Sale = { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' };

const candidate = (buyer: string): Candidate => ({ contract: `ACME1234/auto/${buyer}`, buyer, tier: 1 });
const bidder = (buyer: string, price: number, expiresAt?: number): Entry => ({
  ...candidate(buyer),
  ms: 40,
  sentAfter: 3,
  bid: { price, pingId: `ping of ${buyer}`, expiresAt },
});

const roundOf = (
  entries: Entry[],
  { sale = exclusive, later = [], promised, margin }: Partial<Round & Round['terms']> = {},
): Round => ({
  number: 1,
  campaign: 'ACME1234/auto',
  version: 0,
  at: 0,
  terms: { currency: 'USD', sale, margin, promised, pending: { retryAfter: [], expireAfter: 0 } },
  excluded: [],
  entries,
  later,
  changes: [],
  tell: { postbacks: 0, notices: {} },
});

const offersOf = (round: Round, answers: OfferAnswer[] = []) => {
  const step = nextStep('lead-1', round, answers);
  return typeof step === 'object' && 'offers' in step ? step.offers : [];
};

const refused = (buyer: string): OfferAnswer => ({ contract: `ACME1234/auto/${buyer}`, answer: 'refused' });

describe('A promise', () => {
  test('is what the seller earns from the offers that the ping has found', () => {
    const sale: Sale = { ...exclusive, mode: 'shared', maxBuyers: 2 };
    const entries = [bidder('best', 5000), bidder('good', 3000), bidder('last', 2000)];
    expect(promiseOf(offersOf(roundOf(entries, { sale, margin: { percent: 10 } })))).toEqual({
      price: 7200,
      least: 2700,
      reserved: [
        { contract: 'ACME1234/auto/best', buyer: 'best', price: 5000 },
        { contract: 'ACME1234/auto/good', buyer: 'good', price: 3000 },
      ],
    });
    expect(promiseOf([])).toBeUndefined();
  });

  test('keeps the lead from bidders below it, and says so', () => {
    const round = roundOf([bidder('best', 5000), bidder('good', 3000)], { promised: 5000 });
    expect(offersOf(round).map(({ buyer }) => buyer)).toEqual(['best']);
    const answers = [refused('best')];
    expect(nextStep('lead-1', round, answers)).toBe('over');
    const outcomes = conclude(round, answers);
    expect(outcomes[1]).toMatchObject({
      buyer: 'good',
      reason: 'below_floor',
      detail: 'a ping has promised the seller $50.00',
    });
    expect(unsoldReason(outcomes)).toBe('refused');
  });

  test('lets the lead go to a bidder at the promise, and to a better one', () => {
    const round = roundOf([bidder('best', 5000), bidder('same', 4000), bidder('less', 3999)], {
      promised: 4000,
    });
    expect(offersOf(round, [refused('best')]).map(({ buyer }) => buyer)).toEqual(['same']);
    expect(offersOf(round, [refused('best'), refused('same')])).toEqual([]);
  });
});

const margins: fc.Arbitrary<Margin | undefined> = fc.option(
  fc.oneof(
    fc.integer({ min: 0, max: 100 }).map((percent) => ({ percent })),
    fc.integer({ min: 0, max: 2000 }).map((fixed) => ({ fixed })),
  ),
  { nil: undefined },
);

test('No offer of a round earns the seller less than its promise, however many buyers refuse', () => {
  fc.assert(
    fc.property(
      fc.record({
        mode: fc.constantFrom(...MODES),
        prices: fc.array(fc.integer({ min: 1000, max: 9000 }), { minLength: 1, maxLength: 8 }),
        promised: fc.integer({ min: 0, max: 9000 }),
        margin: margins,
      }),
      ({ mode, prices, promised, margin }) => {
        const sale: Sale = { ...exclusive, mode, maxBuyers: mode === 'exclusive' ? 1 : 3 };
        const entries = prices.map((price, i): Entry => ({
          ...candidate(`b${i}`),
          bid: { price, shared: price },
        }));
        const round = roundOf(entries, { sale, promised, margin });
        const answers: OfferAnswer[] = [];
        for (let offers = offersOf(round); offers.length > 0; offers = offersOf(round, answers)) {
          for (const { contract, price, earns } of offers) {
            expect(earns).toBe(earnedOf(price, margin));
            expect(earns).toBeGreaterThanOrEqual(promised);
            answers.push({ contract, answer: 'refused' });
          }
        }
        const kept = prices.filter((price) => earnedOf(price, margin) >= promised);
        expect(answers).toHaveLength(kept.length);
      },
    ),
  );
});

describe('The round of a lead with a ping', () => {
  const pinged = roundOf([
    bidder('best', 5000, 1),
    bidder('gone', 6000),
    { ...candidate('no'), ms: 10, noBid: { reason: 'no_bid' } },
    { ...candidate('slow'), ms: 500, noBid: { reason: 'timeout' } },
  ]);
  const planned = roundOf([], {
    later: [{ ...candidate('best'), floor: 4000 }, candidate('no'), candidate('slow'), candidate('new')],
    promised: 5000,
  });

  test('has the answers of the ping from contracts that may still buy, under the terms of its own plan', () => {
    const round = withPingedAnswers({ ...planned, at: 5000 }, pinged);
    expect(round?.entries).toEqual([
      {
        ...candidate('best'),
        floor: 4000,
        ms: 40,
        sentAfter: -4997,
        bid: { price: 5000, pingId: 'ping of best', expiresAt: 1 },
      },
      { ...candidate('no'), ms: 10, noBid: { reason: 'no_bid' } },
    ]);
    expect(round?.later.map(({ buyer }) => buyer)).toEqual(['slow', 'new']);
    expect(round).toMatchObject({ version: 1, terms: { promised: 5000 } });
  });

  test('is asked as usual if no bidder of the ping may buy any more', () => {
    expect(
      withPingedAnswers({ ...planned, later: [candidate('no'), candidate('new')] }, pinged),
    ).toBeUndefined();
  });
});
