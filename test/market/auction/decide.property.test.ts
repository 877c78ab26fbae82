import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conclude, nextStep, type OfferAnswer, type Offer } from '../../../src/market/auction/decide.js';
import { floorOf, priceIn } from '../../../src/market/auction/prices.js';
import type { Bid, Candidate, Entry, Round } from '../../../src/market/model/round.js';
import { AWARDS, MODES, type Sale } from '../../../src/market/model/market.js';

const cents = (most: number) => fc.integer({ min: 1, max: most });

const sales: fc.Arbitrary<Sale> = fc
  .record({
    mode: fc.constantFrom(...MODES),
    places: fc.integer({ min: 2, max: 4 }),
    floor: fc.integer({ min: 0, max: 3000 }),
    sharedFloor: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined }),
    award: fc.constantFrom(...AWARDS),
  })
  .map(({ mode, places, floor, sharedFloor, award }) => ({
    mode,
    maxBuyers: mode === 'exclusive' ? 1 : places,
    floor,
    ...(mode === 'hybrid' && sharedFloor !== undefined && { sharedFloor }),
    award,
  }));

const bids: fc.Arbitrary<Bid> = fc.oneof(
  cents(5000).map((price) => ({ price })),
  cents(5000).map((shared) => ({ shared })),
  fc.record({ price: cents(5000), shared: cents(5000) }),
);

/** The answers of a contract to a ping and to a post. */
interface Behaviour {
  candidate: Candidate;
  answer: { bid: Bid } | { noBid: { reason: 'no_bid' | 'timeout' } };
  offer: 'accepted' | 'refused' | 'uncertain' | 'capped';
}

const behaviours: fc.Arbitrary<
  Omit<Behaviour, 'candidate'> & { tier: number; floor?: number; rate: number }
> = fc.record({
  tier: fc.integer({ min: 1, max: 3 }),
  floor: fc.option(fc.integer({ min: 0, max: 4000 }), { nil: undefined }),
  rate: fc.double({ min: 0.1, max: 1, noNaN: true }),
  answer: fc.oneof(
    { weight: 4, arbitrary: bids.map((bid) => ({ bid })) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('no_bid' as const, 'timeout' as const)
        .map((reason) => ({ noBid: { reason } })),
    },
  ),
  offer: fc.constantFrom('accepted', 'accepted', 'refused', 'uncertain', 'capped'),
});

const markets = fc.record({
  sale: sales,
  contracts: fc.array(behaviours, { minLength: 1, maxLength: 8 }),
  excluded: fc.integer({ min: 0, max: 3 }),
  leadId: fc.uuid(),
});

type Market = typeof markets extends fc.Arbitrary<infer M> ? M : never;

const contractOf = (i: number): string => `ACME1234/auto/buyer-${i}`;

function behavioursOf({ contracts }: Market): Behaviour[] {
  return contracts.map(({ tier, floor, rate, answer, offer }, i) => ({
    candidate: {
      contract: contractOf(i),
      buyer: `buyer-${i}`,
      tier,
      rate,
      ...(floor !== undefined && { floor }),
    },
    answer,
    offer,
  }));
}

/** The observable events of a round. */
interface RoundEvents {
  round: Round;
  answers: OfferAnswer[];
  offers: Offer[];
  /** Tiers in the order in which they were asked, each with the sales before it. */
  asked: { tier: number; bought: number }[];
}

/** Runs a round step by step, as the workflow does. `turn` is the order of the entries. */
function run(
  market: Market,
  all: Behaviour[] = behavioursOf(market),
  turn: (entries: Entry[]) => Entry[] = (e) => e,
): RoundEvents {
  const { sale, leadId } = market;
  let round: Round = {
    number: 1,
    campaign: 'ACME1234/auto',
    version: 0,
    at: 0,
    terms: { currency: 'USD', sale, pending: { retryAfter: [], expireAfter: 0 } },
    excluded:
      market.excluded === 0
        ? []
        : [
            {
              reason: 'state',
              buyers: Array.from({ length: market.excluded }, (_, i) => `away-${i}`).join(' '),
            },
          ],
    entries: [],
    later: all.map(({ candidate }) => candidate),
    changes: [],
    tell: { postbacks: 0, notices: {} },
  };
  const events: Omit<RoundEvents, 'round'> = { answers: [], offers: [], asked: [] };
  const bought = (): number => events.answers.filter(({ answer }) => answer === 'accepted').length;
  for (let steps = 0; steps < 100; steps++) {
    const step = nextStep(leadId, round, events.answers);
    if (step === 'over') return { round, ...events };
    if ('askAgain' in step) throw new Error('Everybody was waited for');
    if ('ask' in step) {
      events.asked.push({ tier: step.ask, bought: bought() });
      const now = all.filter(({ candidate }) => candidate.tier === step.ask);
      const entries = now.map(({ candidate, answer }): Entry => ({ ...candidate, ...answer }));
      round = {
        ...round,
        entries: turn([...round.entries, ...entries]),
        later: round.later.filter(({ tier }) => tier !== step.ask),
      };
      continue;
    }
    for (const offer of step.offers) {
      events.offers.push(offer);
      const { offer: answer } = all.find(({ candidate }) => candidate.contract === offer.contract) ?? {
        offer: 'refused',
      };
      const { contract, exclusive } = offer;
      events.answers.push(answer === 'accepted' ? { contract, answer, exclusive } : { contract, answer });
    }
  }
  throw new Error('The round does not end');
}

const accepted = ({ offers, answers }: RoundEvents): Offer[] =>
  offers.filter(({ contract }) =>
    answers.some((answer) => answer.contract === contract && answer.answer === 'accepted'),
  );

const holds = (property: (market: Market) => void): void =>
  fc.assert(fc.property(markets, property), { numRuns: 2000 });

describe('in every market, a round', () => {
  test('sells to at most as many buyers as there are places, and to one buyer if the sale is exclusive', () => {
    holds((market) => {
      const sold = accepted(run(market));
      assert(sold.length <= market.sale.maxBuyers);
      if (sold.some(({ exclusive }) => exclusive)) assert.equal(sold.length, 1);
      assert.equal(new Set(sold.map(({ buyer }) => buyer)).size, sold.length);
    });
  });

  test('never has more offers out than there are places left', () => {
    holds((market) => {
      const all = behavioursOf(market).map((one): Behaviour => ({ ...one, offer: 'accepted' }));
      assert(run(market, all).offers.length <= market.sale.maxBuyers);
    });
  });

  test('offers the lead at the bid price, never below a floor and never twice to the same buyer', () => {
    holds((market) => {
      const { offers, round } = run(market);
      for (const { contract, exclusive, price, earns } of offers) {
        const entry = round.entries.find((each) => each.contract === contract);
        if (!entry || !('bid' in entry)) throw new Error('It was offered to somebody who had not bid');
        const form = exclusive ? 'exclusive' : 'shared';
        assert.equal(price, priceIn(market.sale, entry.bid, form));
        assert(price >= floorOf(market.sale, entry.floor, form));
        assert.equal(earns, price);
      }
      assert.equal(new Set(offers.map(({ contract }) => contract)).size, offers.length);
    });
  });

  test('ends with one outcome for every contract of the campaign', () => {
    holds((market) => {
      const { round, answers } = run(market);
      const told = conclude(round, answers).map(({ contract }) => contract);
      assert.equal(told.length, market.contracts.length + market.excluded);
      assert.equal(new Set(told).size, told.length);
    });
  });

  test('has the same result for any order of the answers', () => {
    holds((market) => {
      const one = run(market);
      const other = run(market, behavioursOf(market).toReversed(), (entries) => entries.toReversed());
      assert.deepEqual(other.offers, one.offers);
    });
  });

  test('asks the tiers from the lowest, each only after the earlier ones bought nothing, and all before it ends unsold', () => {
    holds((market) => {
      const { asked, round, answers } = run(market);
      assert(asked.every(({ bought }) => bought === 0));
      const tiers = asked.map(({ tier }) => tier);
      assert.deepEqual(
        tiers,
        [...tiers].sort((a, b) => a - b),
      );
      if (!answers.some(({ answer }) => answer === 'accepted')) assert.deepEqual(round.later, []);
    });
  });

  test('sells for no less with one more bidder', () => {
    holds((market) => {
      const sale: Sale = { ...market.sale, mode: 'exclusive', maxBuyers: 1, award: 'highestBid' };
      const all = behavioursOf(market).map((one): Behaviour => {
        return { ...one, offer: 'accepted', candidate: { ...one.candidate, tier: 1 } };
      });
      const price = (some: Behaviour[]): number =>
        accepted(run({ ...market, sale, excluded: 0 }, some)).reduce((sum, offer) => sum + offer.price, 0);
      assert(price(all) >= price(all.slice(1)));
    });
  });

  test('offers leads with two equal bids to each bidder first about equally often', () => {
    const [mode, award] = ['exclusive', 'highestBid'] as const;
    const sale: Sale = { mode, maxBuyers: 1, floor: 0, award };
    const bidder = { tier: 1, rate: 1, answer: { bid: { price: 2000 } }, offer: 'accepted' } as const;
    const first = Array.from({ length: 1000 }, (_, i) => {
      const market: Market = { sale, contracts: [bidder, bidder], excluded: 0, leadId: `lead-${i}` };
      return run(market).offers[0]?.contract;
    });
    for (const i of [0, 1]) {
      const times = first.filter((contract) => contract === contractOf(i)).length;
      expect(times).toBeGreaterThan(400);
    }
  });

  test('of a hybrid sale earns as much as the better of the two forms', () => {
    holds((market) => {
      const sale: Sale = {
        ...market.sale,
        mode: 'hybrid',
        maxBuyers: Math.max(2, market.sale.maxBuyers),
        award: 'highestBid',
      };
      const all = behavioursOf(market).map((one): Behaviour => {
        return { ...one, offer: 'accepted', candidate: { ...one.candidate, tier: 1 } };
      });
      const inForm = (form: 'exclusive' | 'shared') =>
        all
          .flatMap(({ answer, candidate }) => {
            const price = 'bid' in answer ? priceIn(sale, answer.bid, form) : undefined;
            return price !== undefined && price >= floorOf(sale, candidate.floor, form) ? [price] : [];
          })
          .sort((a, b) => b - a)
          .slice(0, form === 'exclusive' ? 1 : sale.maxBuyers)
          .reduce((sum, price) => sum + price, 0);
      const sold = accepted(run({ ...market, sale }, all)).reduce((sum, { price }) => sum + price, 0);
      assert.equal(sold, Math.max(inForm('exclusive'), inForm('shared')));
    });
  });
});
