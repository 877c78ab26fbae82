import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { missedCandidates, missedEntry, withAnswers } from '../../../src/market/auction/asking.js';
import { conclude, nextStep, type OfferAnswer } from '../../../src/market/auction/decide.js';
import { isDecided, pingLimit } from '../../../src/market/auction/earlyClose.js';
import type { Candidate, Entry, Round } from '../../../src/market/model/round.js';
import { MODES, type Sale } from '../../../src/market/model/market.js';

const cents = fc.integer({ min: 1, max: 3000 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const sales: fc.Arbitrary<Sale> = fc
  .record({ mode: fc.constantFrom(...MODES), places: fc.integer({ min: 2, max: 3 }), floor: fc.nat(2000) })
  .map(({ mode, places, floor }) => ({
    mode,
    maxBuyers: mode === 'exclusive' ? 1 : places,
    floor,
    award: 'highestBid',
  }));

/** A buyer that bids up to its ceiling, if it has one, and has answered or not. */
const buyers = fc
  .record({ bid: cents, ceiling: maybe(cents), floor: maybe(fc.nat(2000)), isOut: fc.boolean() })
  .map(({ bid, ceiling, ...rest }) => ({ ...rest, ceiling, bid: Math.min(bid, ceiling ?? Infinity) }));

type Buyer = typeof buyers extends fc.Arbitrary<infer B> ? B : never;

const candidateOf = ({ ceiling, floor }: Buyer, i: number): Candidate => ({
  contract: `ACME1234/auto/buyer-${i}`,
  buyer: `buyer-${i}`,
  tier: 1,
  ...(ceiling !== undefined && { ceiling }),
  ...(floor !== undefined && { floor }),
});

const roundOf = (sale: Sale, entries: Entry[]): Round => ({
  number: 1,
  campaign: 'ACME1234/auto',
  version: 1,
  at: 0,
  terms: { currency: 'USD', sale, pending: { retryAfter: [], expireAfter: 0 } },
  excluded: [],
  entries,
  later: [],
  changes: [],
  tell: { postbacks: 0, notices: {} },
});

const offersIn = (sale: Sale, entries: Entry[]): string[] => {
  const step = nextStep('lead-1', roundOf(sale, entries), []);
  return step !== 'over' && 'offers' in step
    ? step.offers.map(({ contract, price }) => `${contract} ${price}`)
    : [];
};

/** A buyer that bids, may not have answered in time, and may refuse the lead. */
const refusers = buyers.chain((buyer) => fc.boolean().map((refuses) => ({ ...buyer, refuses })));

/** Runs a round to its end. Bids that it did not wait for are requested again if needed. */
function run(
  sale: Sale,
  all: readonly { refuses: boolean; isHeard: boolean; candidate: Candidate; bid: number }[],
) {
  const bidOf = (asked: Candidate): Entry => {
    const { bid = 0 } = all.find(({ candidate }) => candidate.contract === asked.contract) ?? {};
    return { ...asked, bid: { price: bid } };
  };
  const entries = all.map(({ candidate, isHeard }) => (isHeard ? bidOf : missedEntry)(candidate));
  const answers: OfferAnswer[] = [];
  let [round, timesAsked] = [roundOf(sale, entries), 0];
  for (;;) {
    const step = nextStep('lead-1', round, answers);
    if (step === 'over' || 'ask' in step) return { outcomes: conclude(round, answers), answers, timesAsked };
    if ('askAgain' in step) {
      timesAsked += 1;
      round = withAnswers(round, missedCandidates(round).map(bidOf));
      continue;
    }
    for (const { contract, exclusive } of step.offers) {
      const refuses = all.some((one) => one.candidate.contract === contract && one.refuses);
      answers.push(refuses ? { contract, answer: 'refused' } : { contract, answer: 'accepted', exclusive });
    }
  }
}

describe('A round that is closed early', () => {
  test('offers the lead to the same buyer as if it had waited for all bids', () => {
    let closed = 0;
    fc.assert(
      fc.property(sales, fc.array(buyers, { minLength: 2, maxLength: 6 }), (sale, all) => {
        const asked = all.map((buyer, i) => ({ buyer, candidate: candidateOf(buyer, i) }));
        const entries = (some: typeof asked): Entry[] =>
          some.map(({ buyer, candidate }) => ({ ...candidate, bid: { price: buyer.bid } }));
        const known = asked.filter(({ buyer }) => !buyer.isOut);
        const out = asked.filter(({ buyer }) => buyer.isOut);
        if (
          !isDecided(
            sale,
            entries(known),
            out.map(({ candidate }) => candidate),
          )
        )
          return;
        closed += 1;
        expect(offersIn(sale, entries(known))).toEqual(offersIn(sale, entries(asked)));
      }),
      { numRuns: 10_000 },
    );
    expect(closed).toBeGreaterThan(500);
  });

  test('sells to the same buyer as if it had waited for all bids, for any refusals', () => {
    let [closed, asked] = [0, 0];
    fc.assert(
      fc.property(sales, fc.array(refusers, { minLength: 2, maxLength: 6 }), (sale, some) => {
        const all = some.map((one, i) => ({ ...one, candidate: candidateOf(one, i), isHeard: !one.isOut }));
        const known = all.filter(({ isHeard }) => isHeard);
        const bids = known.map(({ candidate, bid }): Entry => ({ ...candidate, bid: { price: bid } }));
        const out = all.filter(({ isHeard }) => !isHeard).map(({ candidate }) => candidate);
        if (out.length === 0 || !isDecided(sale, bids, out)) return;
        closed += 1;
        const early = run(sale, all);
        const patient = run(
          sale,
          all.map((one) => ({ ...one, isHeard: true })),
        );
        const winners = (answers: readonly OfferAnswer[]) =>
          answers.flatMap(({ answer, contract }) => (answer === 'accepted' ? [contract] : [])).sort();
        expect(winners(early.answers)).toEqual(winners(patient.answers));
        expect(early.timesAsked).toBeLessThanOrEqual(1);
        expect(early.outcomes.map(({ contract }) => contract).sort()).toEqual(
          all.map(({ candidate }) => candidate.contract).sort(),
        );
        asked += early.timesAsked;
      }),
      { numRuns: 10_000 },
    );
    expect(closed).toBeGreaterThan(500);
    expect(asked).toBeGreaterThan(200);
  });

  test('is closed at once by a bid at the instant-buy price, but not by a bid below its own floor', () => {
    fc.assert(
      fc.property(cents, cents, fc.nat(3000), (instantBuy, price, floor) => {
        const sale: Sale = { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'highestBid', instantBuy };
        const [one, other] = [0, 1].map((i) =>
          candidateOf({ bid: price, ceiling: undefined, floor, isOut: false }, i),
        );
        if (!one || !other) throw new Error('There are two');
        const isOver = isDecided(sale, [{ ...one, bid: { price } }], [other]);
        expect(isOver).toBe(price >= instantBuy && price >= floor);
      }),
      { numRuns: 10_000 },
    );
  });
});

test('The limit of a ping is the rest of the answer window minus a post, and at most the contract’s timeout', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 50, max: 10_000 }),
      fc.integer({ min: -5000, max: 20_000 }),
      (timeoutMs, left) => {
        const limit = pingLimit(timeoutMs, left, 0);
        expect(limit).toBeLessThanOrEqual(timeoutMs);
        expect(limit).toBeGreaterThanOrEqual(50);
        if (limit < timeoutMs) expect(limit).toBeLessThan(left);
        expect(pingLimit(timeoutMs, undefined, 0)).toBe(timeoutMs);
      },
    ),
    { numRuns: 10_000 },
  );
});
