import { describe, expect, test } from 'vitest';
import { conclude } from '../../../src/market/auction/decide.js';
import { compileContracts, type CompiledCampaign } from '../../../src/market/eligibility/compileCampaign.js';
import { fixedBid, newRound } from '../../../src/market/eligibility/newRound.js';
import { afterChecks } from '../../../src/market/eligibility/outsideChecks.js';
import {
  acceptanceRate,
  budgetLeft,
  candidateOf,
  contractExclusion,
  planRound,
  withinLimits,
  type LimitState,
  type Plan,
} from '../../../src/market/eligibility/plan.js';
import { sandboxRound } from '../../../src/market/eligibility/sandboxPlan.js';
import { circuitId, type Circuit } from '../../../src/market/limits/circuitBreaker.js';
import type { Purchase } from '../../../src/market/limits/duplicates.js';
import type { Usage } from '../../../src/market/limits/usage.js';
import type { Buyer, Campaign, Check, Contract, Sale } from '../../../src/market/model/market.js';
import { buyerOf, CAMPAIGN, campaignOf, contractOf, HOUR, MINUTE, START } from '../simulate/live.js';

const DAY = 'day:2026-11-24';
const UNTIL = '2026-11-25 00:00:00 UTC';

function marketOf(
  contracts: Record<string, Partial<Contract>>,
  campaign: Partial<Campaign> = {},
  buyers: Record<string, Partial<Buyer>> = {},
): CompiledCampaign {
  const all = Object.entries(contracts).map(([buyer, terms]) => contractOf(buyer, terms));
  return {
    seller: {
      code: 'ACME1234',
      slug: 'acme',
      name: 'Acme',
      active: true,
      postbacks: ['https://a.example', 'https://b.example'],
    },
    campaign: campaignOf(campaign),
    contracts: compileContracts(
      campaignOf(campaign),
      all,
      new Map(all.map(({ buyer }) => [buyer, buyerOf(buyer, buyers[buyer])])),
    ),
  };
}

const lead: Parameters<typeof withinLimits>[2] = {
  facts: {
    leadId: 'lead-1',
    seller: 'ACME1234',
    category: 'Auto Insurance',
    state: 'TX',
    receivedAt: START,
    test: false,
  },
  fields: {},
  currency: 'USD',
  source: 'form',
  offered: {},
  match: { phone: 'p1' },
};

const known = (more: Partial<LimitState> = {}): LimitState => ({
  usage: new Map(),
  purchases: [],
  circuits: new Map(),
  ...more,
});

const planOf = (
  market: CompiledCampaign,
  knows: Partial<LimitState> = {},
  of = lead,
  now = START,
): Plan<Buyer> => withinLimits(planRound(market, of, now), market, of, { ...known(knows), now });
const openIn = ({ open }: Plan<Buyer>): string => open.map(({ buyer }) => buyer.id).join(' ');
const usageOf = (usage: Record<string, Usage>): ReadonlyMap<string, Usage> => new Map(Object.entries(usage));
const circuits = (buyer: string, circuit: Partial<Circuit>, line: 'pings' | 'posts' = 'pings') =>
  new Map([[circuitId(buyer, line), { failures: 10, opens: 1, ...circuit }]]);

describe('The plan of a round', () => {
  test('puts contracts with the same words together, and others apart', () => {
    const market = marketOf({
      a: { active: false },
      b: { states: ['CA'] },
      c: { active: false },
      d: {},
      e: { states: ['NY'] },
    });
    expect(planRound(market, lead, START)).toMatchObject({
      excluded: [
        { reason: 'paused', detail: 'the contract', buyers: 'a c' },
        { reason: 'state', detail: 'buys CA only', buyers: 'b' },
        { reason: 'state', detail: 'buys NY only', buyers: 'e' },
      ],
      changes: [],
    });
    expect(openIn(planRound(market, lead, START))).toBe('d');
  });

  test('excludes everybody for a paused campaign', () => {
    const plan = planRound(marketOf({ a: {}, b: { states: ['CA'] } }, { active: false }), lead, START);
    expect(plan.excluded).toEqual([{ reason: 'paused', detail: 'the campaign', buyers: 'a b' }]);
  });

  test('foresees the soonest change of each kind, and the next stage', () => {
    const stage = (after: number) => ({ ...campaignOf().sale, after });
    const market = marketOf(
      { a: { delay: 3 * HOUR }, b: { delay: 2 * HOUR }, c: { pausedUntil: START + HOUR }, d: {} },
      { stages: [stage(HOUR), stage(4 * HOUR)] },
    );
    expect(planRound(market, lead, START + MINUTE).changes).toEqual([
      { at: START + 2 * HOUR, what: 'delay' },
      { at: START + HOUR, what: 'resume' },
      { at: START + HOUR, what: 'stage' },
    ]);
    const capped = { ...contractOf('d'), caps: { day: 1 } };
    const full = planOf(marketOf({ d: capped, e: { caps: { hour: 1 } } }), {
      usage: usageOf({
        [`${CAMPAIGN}/d`]: { sold: { [DAY]: 1 } },
        [`${CAMPAIGN}/e`]: { sold: { 'hour:2026-11-24T12': 1 } },
      }),
    });
    expect(full.changes).toMatchObject([{ what: 'window' }]);
  });
});

describe('A contract is excluded by', () => {
  const purchase: Purchase = {
    phone: 'p1',
    sale: 's',
    lead: 'old',
    contract: `${CAMPAIGN}/a`,
    buyer: 'a',
    campaign: CAMPAIGN,
    at: START - HOUR,
  };
  const duplicates = {
    by: ['phone' as const],
    match: 'any' as const,
    withinDays: 30,
    per: 'contract' as const,
  };
  const duplicate = { reason: 'duplicate', detail: 'within 30 days, by phone', buyers: 'a' };

  test('the list of its buyer', () => {
    expect(planOf(marketOf({ a: {}, b: {} }), { listedBy: new Set(['a']) })).toMatchObject({
      open: [{ buyer: { id: 'b' } }],
      excluded: [{ reason: 'duplicate', detail: 'on the buyer’s own list', buyers: 'a' }],
    });
  });

  test('the campaign’s rule on duplicates, and by its own', () => {
    const campaignWide = planOf(marketOf({ a: {}, b: {} }, { duplicates }), { purchases: [purchase] });
    expect(campaignWide.excluded).toEqual([duplicate]);
    expect(openIn(campaignWide)).toBe('b');
    expect(planOf(marketOf({ a: { duplicates } }), { purchases: [purchase] }).excluded).toEqual([duplicate]);
    expect(planOf(marketOf({ a: {} }), { purchases: [purchase] }).excluded).toEqual([]);
  });

  test('a duplicate of a test lead, too', () => {
    const test = { ...lead, facts: { ...lead.facts, test: true } };
    expect(planOf(marketOf({ a: { duplicates } }), { purchases: [purchase] }, test).excluded).toEqual([
      duplicate,
    ]);
  });

  const full = { usage: usageOf({ [`${CAMPAIGN}/a`]: { sold: { [DAY]: 1 } } }) };

  test('its cap, and not for a test lead', () => {
    const market = marketOf({ a: { caps: { day: 1 } } });
    expect(planOf(market, full).excluded).toEqual([
      {
        reason: 'capped',
        detail: `1 lead a day, until ${UNTIL}`,
        buyers: 'a',
        limit: { counter: 'sold', period: 'day', most: 1, resetsAt: Date.parse('2026-11-25T00:00:00Z') },
        used: '1',
      },
    ]);
    expect(openIn(planOf(market, full, { ...lead, facts: { ...lead.facts, test: true } }))).toBe('a');
  });

  test('its budget, if that does not pay the floor', () => {
    const market = marketOf({ a: { budget: { day: 1500 } } });
    const spent = (amount: number) => ({
      usage: usageOf({ [`${CAMPAIGN}/a`]: { spent: { [DAY]: amount } } }),
    });
    expect(openIn(planOf(market, spent(500)))).toBe('a');
    expect(planOf(market, spent(501)).excluded).toMatchObject([{ reason: 'over_budget' }]);
  });

  test('the same budget as another contract, each with what it has spent', () => {
    const budget = { total: 10_000 };
    const market = marketOf({ a: { budget }, b: { budget } });
    const usage = usageOf({
      [`${CAMPAIGN}/a`]: { spent: { total: 9_500 } },
      [`${CAMPAIGN}/b`]: { spent: { total: 10_000 } },
    });
    const plan = planOf(market, { usage });
    expect(plan.excluded).toMatchObject([{ buyers: 'a b', used: '9500 10000' }]);
    const round = newRound(market, { number: 1, receivedAt: START, now: START }, plan, usage);
    const limit = { counter: 'spent', period: 'total', most: 10_000 };
    expect(conclude(round, [])).toMatchObject([
      { buyer: 'a', reason: 'over_budget', limit: { ...limit, used: 9_500 } },
      { buyer: 'b', reason: 'over_budget', limit: { ...limit, used: 10_000 } },
    ]);
  });

  test('the balance of its buyer', () => {
    const market = marketOf({ a: {} }, {}, { a: { balance: 1, currency: 'USD' } });
    expect(openIn(planOf(market, { usage: usageOf({ 'buyer:a': { balance: 1000 } }) }))).toBe('a');
    expect(planOf(market, { usage: usageOf({ 'buyer:a': { balance: 999 } }) }).excluded).toMatchObject([
      { reason: 'no_balance', buyers: 'a' },
    ]);
  });

  test.each(['pings', 'posts'] as const)(
    'its buyer’s failing %s, which foretells a round after the pause',
    (line) => {
      const open = circuits('a', { until: START + HOUR, openedAt: START }, line);
      const plan = planOf(marketOf({ a: {}, b: {} }), { circuits: open });
      expect(plan.excluded).toEqual([
        {
          reason: 'circuit_open',
          detail: `after 10 failed ${line} in a row, until 2026-11-24 13:00:00 UTC`,
          buyers: 'a',
        },
      ]);
      expect(plan.changes).toMatchObject([{ what: 'circuit' }]);
      expect(plan.changes[0]?.at).toBeGreaterThanOrEqual(START + HOUR);
      expect(plan.changes[0]?.at).toBeLessThanOrEqual(START + HOUR + MINUTE);
    },
  );

  test('no circuit that may be tried, although the lead may come back to it', () => {
    const tried = circuits('a', { until: START - 1, openedAt: START - HOUR });
    const plan = planOf(marketOf({ a: {} }), { circuits: tried });
    expect(openIn(plan)).toBe('a');
    expect(plan.changes).toMatchObject([{ what: 'circuit' }]);
  });

  test('no failures that left the circuit closed', () => {
    const plan = planOf(marketOf({ a: {} }), { circuits: circuits('a', { failures: 9 }) });
    expect(openIn(plan)).toBe('a');
    expect(plan.changes).toEqual([]);
  });
});

describe('A contract takes no lead at all', () => {
  const of = (
    terms: Partial<Contract>,
    buyer: Partial<Buyer> = {},
    more: Partial<CompiledCampaign> = {},
    knows: Partial<LimitState> = {},
  ) => {
    const market = { ...marketOf({ a: terms }, {}, { a: buyer }), ...more };
    const [ready] = market.contracts;
    return ready && contractExclusion(ready, market, known(knows), START);
  };

  test.each<[string, () => ReturnType<typeof of>, object | undefined]>([
    ['not if nothing speaks against it', () => of({}), undefined],
    [
      'while the seller is paused',
      () => of({}, {}, { seller: { ...marketOf({}).seller, active: false } }),
      { detail: 'the seller' },
    ],
    [
      'while the campaign is paused',
      () => of({}, {}, { campaign: campaignOf({ active: false }) }),
      { detail: 'the campaign' },
    ],
    ['while it is paused', () => of({ active: false }), { detail: 'the contract' }],
    ['while its buyer is paused', () => of({}, { active: false }), { detail: 'the buyer' }],
    [
      'while it is closed',
      () => of({ schedule: { timezone: 'UTC', open: ['Mon 08:00-09:00'] } }),
      { reason: 'closed' },
    ],
    [
      'while it is full',
      () =>
        of({ caps: { day: 1 } }, {}, {}, { usage: usageOf({ [`${CAMPAIGN}/a`]: { sold: { [DAY]: 1 } } }) }),
      { reason: 'capped' },
    ],
    ['while its buyer can’t pay', () => of({}, { balance: 0, currency: 'USD' }), { reason: 'no_balance' }],
    [
      'while its buyer fails',
      () => of({}, {}, {}, { circuits: circuits('a', { until: START + 1 }) }),
      { reason: 'circuit_open' },
    ],
  ])('%s', (_, refusedNow, expected) => {
    const refused = refusedNow();
    if (expected === undefined) expect(refused).toBeUndefined();
    else expect(refused).toMatchObject(expected);
  });
});

describe('What is left of a budget', () => {
  const leftOf = (budget: Contract['budget'], used?: Usage) => {
    const market = marketOf({ a: { budget } });
    const [ready] = market.contracts;
    return ready && budgetLeft(ready, market.campaign, used, START);
  };

  test('is what the tightest window leaves', () => {
    expect(leftOf({ day: 10_000, month: 50_000 }, { spent: { [DAY]: 9000 } })).toEqual({
      upTo: `up to $10.00, what is left of $100.00 a day, until ${UNTIL}`,
    });
    expect(leftOf({ total: 5000, day: 10_000 }, { spent: { [DAY]: 4000 } })?.upTo).toMatch(
      /^up to \$50\.00, .* in all/,
    );
  });

  test('is nothing, if there is no budget', () => {
    expect(leftOf(undefined)).toBeUndefined();
  });
});

describe('A candidate', () => {
  const sale = (award: Sale['award']): Sale => ({ ...campaignOf().sale, award });
  const candidate = (award: Sale['award'], terms: Partial<Contract> = {}, usage?: Usage) => {
    const [ready] = marketOf({ a: { weight: 3, tier: 2, ...terms } }).contracts;
    return ready && candidateOf(ready, sale(award), usage);
  };
  const base = { contract: `${CAMPAIGN}/a`, buyer: 'a', tier: 2 };

  test('has what the award asks for', () => {
    expect(candidate('highestBid')).toEqual(base);
    expect(candidate('weighted')).toEqual({ ...base, weight: 3 });
    expect(candidate('roundRobin')).toEqual({ ...base, weight: 1 });
    expect(candidate('expectedValue', {}, { offers: { posted: 9, accepted: 4 } })).toEqual({
      ...base,
      rate: 0.5,
    });
  });

  test('has the prices, the floor, the ceiling and the delivery terms of its contract', () => {
    const delivery = { attempts: 1, within: 0, spacing: 1, atEnd: 'hold', again: false } as const;
    const terms = { price: 1, sharedPrice: 2, floor: 3, ceiling: 4, delivery };
    expect(candidate('highestBid', terms)).toEqual({ ...base, ...terms });
  });

  test('bids its prices without a ping, if it names one', () => {
    expect(fixedBid({ price: 1, sharedPrice: 2 })).toEqual({ price: 1, shared: 2 });
    expect(fixedBid({ sharedPrice: 2 })).toEqual({ shared: 2 });
    expect(fixedBid({ price: 1 })).toEqual({ price: 1 });
    expect(fixedBid({})).toBeUndefined();
  });
});

test.each<[string, Usage | undefined, number]>([
  ['A new buyer is taken to accept every lead', undefined, 1],
  ['One refusal halves the rate', { offers: { posted: 1, accepted: 0 } }, 0.5],
  ['A buyer that accepts all keeps its rate', { offers: { posted: 9, accepted: 9 } }, 1],
])('%s', (_, usage, rate) => {
  expect(acceptanceRate(usage)).toBe(rate);
});

test('A new round has the open contracts as candidates, and the notices that buyers want', () => {
  const notices = { url: 'https://n.example', timeoutMs: 1, events: ['won' as const] };
  const market = marketOf({ a: {}, b: { active: false } }, { margin: { percent: 5 } }, { b: { notices } });
  const plan = planOf(market);
  const round = newRound(market, { number: 3, receivedAt: START, now: START + 5 }, plan, new Map());
  expect(round).toMatchObject({
    number: 3,
    campaign: CAMPAIGN,
    version: 0,
    at: START + 5,
    terms: {
      currency: 'USD',
      sale: market.campaign.sale,
      margin: { percent: 5 },
      pending: market.campaign.pending,
    },
    excluded: [{ buyers: 'b' }],
    entries: [],
    later: [{ buyer: 'a' }],
    tell: { postbacks: 2, notices: { b: ['won'] } },
  });
});

test('A contract whose outside check a lead does not pass is excluded with what the check says', () => {
  const [own, all] = ['own', 'all'].map((name) => ({ name })) as unknown as Check[];
  if (!own || !all) throw new Error('There are two checks');
  const market = marketOf({ a: { checks: [own] }, b: {} }, { checks: [all] });
  const plan = planOf(market);
  const without = (failing?: Check) =>
    afterChecks(plan, market.campaign, (one) => ({ passes: one !== failing, detail: 'the check says no' }));
  expect(openIn(without(own))).toBe('b');
  expect(without(own).excluded).toEqual([{ reason: 'filtered', detail: 'the check says no', buyers: 'a' }]);
  expect(openIn(without(all))).toBe('');
  expect(openIn(without())).toBe('a b');
  expect(openIn(afterChecks(plan, market.campaign, () => undefined))).toBe('a b');
});

describe('A lead of the sandbox', () => {
  const market = marketOf({ northwind: {}, contoso: {} });
  const id = market.contracts[0]?.contract.id ?? '';
  const roundOf = (number: number, offered: Parameters<typeof sandboxRound>[3]) =>
    sandboxRound(market, 'uncertain', { number, receivedAt: START, now: START }, offered);

  test('is offered to the first contract of its campaign', () => {
    const { later, excluded } = roundOf(1, {});
    expect(later.map(({ contract }) => contract)).toEqual([id]);
    expect(excluded).toMatchObject([{ reason: 'filtered', buyers: 'contoso' }]);
  });

  test.each([
    ['refused', 'refused'],
    ['uncertain', 'uncertain'],
    ['returned', 'refused'],
  ] as const)('is not offered again after a round that ended %s', (before, reason) => {
    const { later, excluded } = roundOf(2, { [id]: before });
    expect(later).toEqual([]);
    expect(excluded).toMatchObject([{ reason, buyers: 'northwind contoso' }]);
  });
});
