import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readyContract, type ReadyMarket } from '../../src/market/compile.js';
import { planRound, withinLimits, type Known, type Plan } from '../../src/market/plan.js';
import type { Buyer, Contract } from '../../src/market/terms.js';
import type { Usage } from '../../src/market/usage.js';
import { buyerOf, CAMPAIGN, campaignOf, contractOf, HOUR, MINUTE, START } from './whatIf/live.js';

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
  fc.record({ terms, isActive: fc.boolean(), sold: fc.nat(3), failing: fc.boolean() }),
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
  market: ReadyMarket;
  lead: Parameters<typeof withinLimits>[2];
  known: Known;
  now: number;
}

const markets: fc.Arbitrary<Given> = fc
  .tuple(contracts, leads, fc.boolean(), fc.boolean())
  .map(([all, { state, source, age }, sellerActive, active]) => ({
    market: {
      seller: { code: 'ACME1234', slug: 'acme', name: 'Acme', active: sellerActive, postbacks: [] },
      campaign: campaignOf({ active }),
      contracts: all.map(({ terms: own, isActive }, i) =>
        readyContract(contractOf(`buyer-${i}`, own), buyerOf(`buyer-${i}`, { active: isActive })),
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
      source,
      offered: {},
      match: {},
    },
    known: {
      usage: new Map(
        all.map(({ sold }, i): [string, Usage] => [`${CAMPAIGN}/buyer-${i}`, { sold: { [DAY]: sold } }]),
      ),
      holds: [],
      circuits: new Map(
        all.flatMap(({ failing }, i) =>
          failing ? [[`buyer-${i}`, { failures: 10, opens: 1, until: START + 9 * HOUR }] as const] : [],
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
  return { first, second: withinLimits(first, market, lead, known, now) };
};

const always = (property: (given: Given) => void): void =>
  fc.assert(fc.property(markets, property), { numRuns: 4000 });

describe('In every market, the plan of a round', () => {
  test('has each contract in one place: open, or excluded with one reason', () => {
    always((given) => {
      const buyers = given.market.contracts.map(({ buyer }) => buyer.id).sort();
      for (const plan of Object.values(planned(given)))
        expect([...openIn(plan), ...excludedIn(plan)].sort()).toEqual(buyers);
    });
  });

  test('closes contracts by limits, and opens none', () => {
    always((given) => {
      const { first, second } = planned(given);
      expect(openIn(first)).toEqual(expect.arrayContaining(openIn(second)));
    });
  });

  test('is the same in whatever order the contracts are listed', () => {
    always((given) => {
      const contracts = given.market.contracts.toReversed();
      const other = planned({ ...given, market: { ...given.market, contracts } }).second;
      const { second } = planned(given);
      expect(openIn(other).sort()).toEqual(openIn(second).sort());
      expect(excludedIn(other).sort()).toEqual(excludedIn(second).sort());
      expect(other.changes.map(({ at }) => at).sort()).toEqual(second.changes.map(({ at }) => at).sort());
    });
  });

  test('opens nothing where the seller or the campaign is paused, nor for a buyer that is', () => {
    always((given) => {
      const { seller, campaign, contracts } = given.market;
      const open = openIn(planned(given).second);
      if (!seller.active || !campaign.active) expect(open).toEqual([]);
      for (const { buyer, contract } of contracts)
        if (!buyer.active || !contract.active) expect(open).not.toContain(buyer.id);
    });
  });

  test('foresees changes that lie ahead, the soonest of each kind', () => {
    always((given) => {
      const { changes } = planned(given).second;
      for (const { at } of changes) expect(at).toBeGreaterThan(given.now);
      expect(new Set(changes.map(({ what }) => what)).size).toBe(changes.length);
    });
  });
});
