import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { circuitId, CHANNELS } from '../../../src/market/limits/circuitBreaker.js';
import { compileContracts, type CompiledCampaign } from '../../../src/market/eligibility/compileCampaign.js';
import { planRound, withinLimits, type LimitState, type Plan } from '../../../src/market/eligibility/plan.js';
import type { Buyer, Contract } from '../../../src/market/model/market.js';
import type { Usage } from '../../../src/market/limits/usage.js';
import { buyerOf, CAMPAIGN, campaignOf, contractOf, HOUR, MINUTE, START } from '../simulate/live.js';

const DAY = 'day:2026-11-24';

const terms = fc.record(
  {
    active: fc.boolean(),
    states: fc.constant<string[]>(['TX', 'CA']),
    price: fc.integer({ min: 500, max: 2000 }),
    delay: fc.constantFrom(MINUTE, HOUR),
    until: fc.constantFrom(2 * MINUTE, 2 * HOUR),
    sources: fc.constantFrom<NonNullable<Contract['sources']>>({ only: ['form'] }, { not: ['form'] }),
    caps: fc.record({ day: fc.integer({ min: 1, max: 3 }) }),
    schedule: fc
      .constantFrom(...['Mon-Sun 08:00-20:00', 'Sat 09:00-17:00'])
      .map((open) => ({ timezone: 'UTC', open: [open] })),
  },
  { requiredKeys: [] },
);
const contracts = fc.array(
  fc.record({
    terms,
    isActive: fc.boolean(),
    sold: fc.nat(3),
    failing: fc.constantFrom(undefined, ...CHANNELS),
  }),
  {
    minLength: 1,
    maxLength: 8,
  },
);
const leads = fc.record({
  state: fc.constantFrom('TX', 'NY'),
  source: fc.constantFrom('form', 'feed'),
  age: fc.nat(3 * HOUR),
});

interface Given {
  market: CompiledCampaign;
  lead: Parameters<typeof withinLimits>[2];
  known: LimitState;
  now: number;
}

const markets: fc.Arbitrary<Given> = fc
  .tuple(contracts, leads, fc.nat(9))
  .map(([all, { state, source, age }, paused]) => ({
    market: {
      // A paused market excludes every contract, so only one in five is paused.
      seller: { code: 'ACME1234', slug: 'acme', name: 'Acme', active: paused !== 0, postbacks: [] },
      campaign: campaignOf({ active: paused !== 1 }),
      contracts: compileContracts(
        campaignOf({}),
        all.map(({ terms: own }, i) => contractOf(`buyer-${i}`, own)),
        new Map(all.map(({ isActive }, i) => [`buyer-${i}`, buyerOf(`buyer-${i}`, { active: isActive })])),
      ),
    },
    lead: {
      facts: {
        leadId: 'lead-1',
        seller: 'ACME1234',
        category: 'Auto',
        state,
        receivedAt: START,
        test: false,
      },
      fields: {},
      currency: 'USD',
      source,
      offered: {},
      match: {},
    },
    known: {
      usage: new Map(
        all.map(({ sold }, i): [string, Usage] => [`${CAMPAIGN}/buyer-${i}`, { sold: { [DAY]: sold } }]),
      ),
      purchases: [],
      circuits: new Map(
        all.flatMap(({ failing }, i) =>
          failing === undefined
            ? []
            : [
                [
                  circuitId(`buyer-${i}`, failing),
                  { failures: 10, opens: 1, until: START + 9 * HOUR },
                ] as const,
              ],
        ),
      ),
    },
    now: START + age,
  }));

const excludedIn = ({ excluded }: Plan<Buyer>): string[] =>
  excluded.flatMap(({ buyers }) => buyers.split(' '));
const openIn = ({ open }: Plan<Buyer>): string[] => open.map(({ buyer }) => buyer.id);
const planned = ({ market, lead, known, now }: Given): { first: Plan<Buyer>; second: Plan<Buyer> } => {
  const first = planRound(market, lead, now);
  return { first, second: withinLimits(first, market, lead, { ...known, now }) };
};

/** Sorted and joined to one text, because comparing lists in tens of thousands of cases is slow. */
const inOrder = (items: readonly (string | number)[]): string => [...items].sort().join(' ');

const always = (property: (given: Given) => void): void =>
  fc.assert(fc.property(markets, property), { numRuns: 2000 });

describe('In every market, the plan of a round', () => {
  test('has each contract once: open, or excluded with one reason', () => {
    always((given) => {
      const buyers = inOrder(given.market.contracts.map(({ buyer }) => buyer.id));
      const { first, second } = planned(given);
      expect(inOrder([...openIn(first), ...excludedIn(first)])).toBe(buyers);
      expect(inOrder([...openIn(second), ...excludedIn(second)])).toBe(buyers);
    });
  });

  test('can only close contracts because of limits, never open them', () => {
    always((given) => {
      const { first, second } = planned(given);
      const before = openIn(first);
      expect(inOrder(openIn(second).filter((id) => !before.includes(id)))).toBe('');
    });
  });

  test('is the same for any order of the contracts', () => {
    const said = (plan: Plan<Buyer>): string =>
      `${inOrder(openIn(plan))}; ${inOrder(excludedIn(plan))}; ${inOrder(plan.changes.map(({ at }) => at))}`;
    always((given) => {
      const contracts = given.market.contracts.toReversed();
      const other = planned({ ...given, market: { ...given.market, contracts } });
      expect(said(other.second)).toBe(said(planned(given).second));
    });
  });

  test('opens no contract if the seller, the campaign or the buyer is paused', () => {
    always((given) => {
      const { seller, campaign, contracts } = given.market;
      const mayBuy = contracts.flatMap(({ buyer, contract }) =>
        seller.active && campaign.active && buyer.active && contract.active ? [buyer.id] : [],
      );
      expect(inOrder(openIn(planned(given).second).filter((id) => !mayBuy.includes(id)))).toBe('');
    });
  });

  test('foresees future changes, the earliest of each kind', () => {
    always((given) => {
      const { changes } = planned(given).second;
      expect(changes.every(({ at }) => at > given.now)).toBe(true);
      expect(new Set(changes.map(({ what }) => what)).size).toBe(changes.length);
    });
  });
});
