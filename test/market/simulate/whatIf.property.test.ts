import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AWARDS, type DuplicateRule, type Market, type Sale } from '../../../src/market/model/market.js';
import { windowKey } from '../../../src/market/calendar/windows.js';
import { decideAgain, type Decided } from '../../../src/market/simulate/decideAgain.js';
import type { PastLead, PastSale } from '../../../src/market/simulate/past.js';
import { compileCampaigns } from '../../../src/market/simulate/compiledCampaigns.js';
import { whatIf } from '../../../src/market/simulate/whatIf.js';
import { observeAnswers } from '../../../src/market/simulate/buyerModel.js';
import {
  buyerOf,
  contractOf,
  HOUR,
  live,
  marketOf,
  MINUTE,
  nothingElse,
  START,
  type LiveLead,
} from './live.js';

const BUYERS = ['northwind', 'fabrikam', 'contoso', 'tailspin'];
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const cents = fc.integer({ min: 1, max: 5000 });

const sales: fc.Arbitrary<Sale> = fc
  .record({
    mode: fc.constantFrom('exclusive' as const, 'shared' as const),
    places: fc.integer({ min: 2, max: 3 }),
    floor: fc.integer({ min: 0, max: 2500 }),
    award: fc.constantFrom(...AWARDS.filter((award) => award !== 'weighted' && award !== 'roundRobin')),
  })
  .map(({ places, ...sale }) => ({ ...sale, maxBuyers: sale.mode === 'exclusive' ? 1 : places }));

const contract = fc.record(
  {
    tier: fc.integer({ min: 1, max: 2 }),
    price: cents,
    states: fc.constant<string[]>(['TX']),
    delay: fc.constantFrom(20 * MINUTE, 2 * HOUR),
    caps: fc.record({ hour: fc.integer({ min: 1, max: 3 }), day: fc.integer({ min: 1, max: 4 }) }),
    postCaps: fc.record({ day: fc.integer({ min: 1, max: 5 }) }),
    budget: fc.record({ day: fc.integer({ min: 1000, max: 9000 }) }),
    duplicates: fc.constant<DuplicateRule>({ by: ['phone'], match: 'any', withinDays: 1, per: 'contract' }),
  },
  { requiredKeys: ['tier'] },
);

const markets: fc.Arbitrary<Market> = fc
  .record({
    sale: sales,
    contracts: fc.array(contract, { minLength: 1, maxLength: BUYERS.length }),
    balance: maybe(fc.integer({ min: 0, max: 12_000 })),
  })
  .map(({ sale, contracts, balance }) =>
    marketOf(
      { sale },
      Object.fromEntries(contracts.map((terms, i) => [BUYERS[i] ?? '', terms])),
      balance === undefined ? {} : { northwind: { balance, currency: 'USD' } },
    ),
  );

const word = fc.record({ bid: maybe(cents), accepts: fc.boolean() });
const leads: fc.Arbitrary<LiveLead[]> = fc
  .array(
    fc.record({
      after: fc.integer({ min: 0, max: 40 }),
      state: fc.constantFrom('TX', 'CA'),
      person: maybe(fc.constantFrom('a', 'b')),
      words: fc.tuple(word, word, word, word),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all.map(({ after, words, person, state }, i) => ({
      id: `01a20f3e-0000-7000-8000-00000000000${i}`,
      at: START + after * 7 * MINUTE,
      state,
      ...(person !== undefined && { person }),
      buyers: Object.fromEntries(
        BUYERS.map((buyer, b) => {
          const { bid, accepts } = words[b] ?? { accepts: true };
          return [buyer, { accepts, ...(bid !== undefined && { bid }) }];
        }),
      ),
    })),
  );

const again = (past: readonly PastLead[], terms: Market): Promise<Decided> =>
  decideAgain({
    leads: past,
    market: compileCampaigns(terms),
    elsewhere: nothingElse(terms),
    buyerModel: { measured: observeAnswers(past), models: new Map() },
    until: Infinity,
  });

const runs = { numRuns: 300 };

describe('Simulated past auctions', () => {
  test('have their original results under their original terms, without assumptions', () => {
    return fc.assert(
      fc.asyncProperty(markets, leads, async (terms, given) => {
        const past = await live(terms, given);
        const { sales: sold, assumed } = await again(past, terms);
        expect(Object.fromEntries(sold)).toEqual(
          Object.fromEntries(past.map(({ facts, sales: before }) => [facts.leadId, before])),
        );
        expect(assumed.size).toBe(0);
      }),
      runs,
    );
  });

  test('have the same results for any order of the leads', () => {
    return fc.assert(
      fc.asyncProperty(markets, markets, leads, async (was, is, given) => {
        const past = await live(was, given);
        const entries = ({ sales: sold }: Decided) => Object.fromEntries(sold);
        expect(entries(await again(past.toReversed(), is))).toEqual(entries(await again(past, is)));
      }),
      runs,
    );
  });

  test('show no effect of a change without effect, even after other market changes', () => {
    return fc.assert(
      fc.asyncProperty(markets, markets, leads, async (was, is, given) => {
        const renamed = { ...is, sellers: is.sellers.map((seller) => ({ ...seller, name: 'Renamed' })) };
        const proposal = { before: is, after: renamed, models: new Map() };
        const result = await whatIf(await live(was, given), nothingElse(is), proposal, { until: Infinity });
        for (const { tallies } of result.currencies) expect(tallies.changed).toEqual(tallies.unchanged);
      }),
      runs,
    );
  });

  test('sell no further lead and none below the floor if only the floor is raised', () => {
    return fc.assert(
      fc.asyncProperty(markets, leads, fc.integer({ min: 0, max: 3000 }), async (terms, given, more) => {
        const free = withoutLimits(terms);
        const past = await live(free, given);
        const raised = withFloor(free, more);
        const floor = raised.campaigns[0]?.sale.floor ?? 0;
        const { sales: sold } = await again(past, raised);
        for (const { facts, sales: before, rounds } of past) {
          const after = sold.get(facts.leadId) ?? [];
          if (before.length === 0) expect(after).toEqual([]);
          expect(after.every(({ price }) => price >= floor)).toBe(true);
          const [was, is] = [before[0]?.price ?? 0, after[0]?.price ?? Infinity];
          if (rounds.length === 1 && isByPrice(free)) expect(is).toBeGreaterThanOrEqual(was);
        }
      }),
      runs,
    );
  });

  test('exceed no cap, no budget and no balance of the changed terms', () => {
    return fc.assert(
      fc.asyncProperty(markets, markets, leads, async (was, is, given) => {
        const { sales: sold } = await again(await live(was, given), is);
        const all = [...sold.values()].flat();
        for (const { id, caps = {}, budget = {} } of is.contracts) {
          const own = all.filter((sale) => sale.contract === id);
          for (const { at } of own) {
            const inSame = (period: 'hour' | 'day'): PastSale[] =>
              own.filter((sale) => windowKey(period, 'UTC', sale.at) === windowKey(period, 'UTC', at));
            expect(inSame('hour').length).toBeLessThanOrEqual(caps.hour ?? Infinity);
            expect(inSame('day').length).toBeLessThanOrEqual(caps.day ?? Infinity);
            expect(spent(inSame('day'))).toBeLessThanOrEqual(budget.day ?? Infinity);
          }
        }
        for (const { id, balance = Infinity } of is.buyers) {
          expect(spent(all.filter(({ buyer }) => buyer === id))).toBeLessThanOrEqual(balance);
        }
      }),
      runs,
    );
  });
});

const isByPrice = ({ campaigns }: Market): boolean =>
  campaigns.every(({ sale }) => sale.award === 'highestBid' && sale.mode === 'exclusive');

const withFloor = (terms: Market, more: number): Market => ({
  ...terms,
  campaigns: terms.campaigns.map((campaign) => ({
    ...campaign,
    sale: { ...campaign.sale, floor: campaign.sale.floor + more },
  })),
});

/** Removes the terms by which one sale affects another. */
const withoutLimits = (terms: Market): Market => ({
  ...terms,
  buyers: terms.buyers.map(({ id }) => buyerOf(id)),
  contracts: terms.contracts.map(({ buyer, tier, price, states, delay }) =>
    contractOf(buyer, {
      tier,
      ...(price !== undefined && { price }),
      ...(states && { states }),
      ...(delay !== undefined && { delay }),
    }),
  ),
});

const spent = (sold: readonly PastSale[]): number => sold.reduce((sum, { price }) => sum + price, 0);
