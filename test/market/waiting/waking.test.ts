import { describe, expect, test } from 'vitest';
import { compileContracts } from '../../../src/market/eligibility/compileCampaign.js';
import type { LeadInRound } from '../../../src/market/eligibility/eligibility.js';
import {
  contractsToReconsider,
  waitUpdateFor,
  campaignsWithNewPendingTerms,
  isSame,
} from '../../../src/market/waiting/waking.js';
import type { Buyer, Campaign, Contract, Seller } from '../../../src/market/model/market.js';
import { CAMPAIGN, HOUR, marketOf } from '../simulate/live.js';

interface Change {
  contract?: Partial<Contract>;
  campaign?: Partial<Campaign>;
  buyer?: Partial<Buyer>;
  seller?: Partial<Seller>;
}

const ping = { url: 'http://northwind.example/ask', timeoutMs: 900 };
const sale = { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' } as const;
const duplicates = { by: ['phone' as const], match: 'any', withinDays: 30, per: 'buyer' } as const;
const filters: Contract['filters'] = [{ field: 'zip', in: ['75001'] } as never];
const checks = [{ name: 'trust' }] as never;
const delivery = { attempts: 1, within: 0, spacing: 1, atEnd: 'moveOn' as const, again: false };
const schedule = { timezone: 'UTC', open: ['Mon-Fri 08:00-20:00'] } as never;

/** Name, terms before, terms after. */
const WAKES: [name: string, was: Change, now: Change][] = [
  ['a contract resumed', { contract: { active: false } }, {}],
  ['a pause that ends sooner', { contract: { pausedUntil: 2 * HOUR } }, { contract: { pausedUntil: HOUR } }],
  ['a campaign’s pause ended', { campaign: { pausedUntil: HOUR } }, {}],
  ['a buyer’s pause ended', { buyer: { pausedUntil: HOUR } }, {}],
  ['one more state', { contract: { states: ['CA'] } }, { contract: { states: ['CA', 'TX'] } }],
  ['every state', { contract: { states: ['CA'] } }, {}],
  ['a filter removed', { contract: { filters } }, {}],
  ['another source', { contract: { sources: { only: ['a'] } } }, { contract: { sources: { only: ['b'] } } }],
  ['other hours', { contract: { schedule } }, {}],
  ['a higher price', { contract: { price: 900 } }, { contract: { price: 1200 } }],
  ['a price instead of a ping', {}, { contract: { price: 1200 } }],
  ['a ping instead of a price', { contract: { price: 1200 } }, {}],
  ['a lower floor', { contract: { floor: 2000 } }, { contract: { floor: 1500 } }],
  ['a shorter delay', { contract: { delay: 24 * HOUR } }, { contract: { delay: HOUR } }],
  ['a later end', { contract: { until: HOUR } }, { contract: { until: 2 * HOUR } }],
  ['a higher cap', { contract: { caps: { day: 1 } } }, { contract: { caps: { day: 2 } } }],
  ['a cap removed', { contract: { caps: { day: 1, week: 3 } } }, { contract: { caps: { week: 3 } } }],
  ['a higher budget', { contract: { budget: { day: 1 } } }, { contract: { budget: { day: 2 } } }],
  [
    'a lower price under a budget',
    { contract: { price: 1200, budget: { day: 2000 } } },
    { contract: { price: 1100, budget: { day: 2000 } } },
  ],
  [
    'a lower price of a prepaid buyer',
    { contract: { price: 1200 }, buyer: { balance: 1100 } },
    { contract: { price: 1100 }, buyer: { balance: 1100 } },
  ],
  ['duplicates allowed', { contract: { duplicates: { ...duplicates, by: ['phone'] } } }, {}],
  ['a lower floor of the campaign', {}, { campaign: { sale: { ...sale, floor: 900 } } }],
  ['another mode', {}, { campaign: { sale: { ...sale, mode: 'shared', maxBuyers: 2 } } }],
  ['new stages', {}, { campaign: { stages: [{ ...sale, after: HOUR }] } }],
  ['a field declared', {}, { campaign: { fields: { homeowner: { type: 'boolean' } } } }],
  [
    'one more label',
    { campaign: { fields: { roof: { type: 'enum', values: [{ value: 'tile', labels: [] }] } } } },
    { campaign: { fields: { roof: { type: 'enum', values: [{ value: 'tile', labels: ['Tiles'] }] } } } },
  ],
  ['a campaign active again', { campaign: { active: false } }, {}],
  ['a buyer resumed', { buyer: { active: false } }, {}],
  ['another ping address', {}, { buyer: { ping } }],
  ['a higher balance', { buyer: { balance: 100 } }, { buyer: { balance: 200 } }],
  ['billed on account', { buyer: { balance: 100 } }, {}],
  ['a seller resumed', { seller: { active: false } }, {}],
  ['another currency', {}, { campaign: { currency: 'EUR' } }],
  ['the campaign’s checks removed', { campaign: { checks } }, {}],
  [
    'the campaign’s rule against duplicates removed',
    { campaign: { duplicates: { ...duplicates, by: ['phone'] } } },
    {},
  ],
  [
    'a lower floor of places',
    { campaign: { sale: { ...sale, sharedFloor: 500 } } },
    { campaign: { sale: { ...sale, sharedFloor: 400 } } },
  ],
  ['a floor of places of its own', {}, { campaign: { sale: { ...sale, sharedFloor: 999 } } }],
  ['checks removed', { contract: { checks } }, {}],
  ['another time zone', {}, { contract: { timezone: 'America/Chicago' } }],
  ['other terms of pings', {}, { contract: { ping: { timeoutMs: 5 } as never } }],
  [
    'uncertain posts offered again',
    { contract: { delivery } },
    { contract: { delivery: { ...delivery, again: true } } },
  ],
  ['uncertain posts offered again at once', {}, { contract: { delivery: { ...delivery, again: true } } }],
  ['more posts', { contract: { postCaps: { day: 1 } } }, { contract: { postCaps: { day: 2 } } }],
  ['a cap that is not paced', { contract: { pace: true } }, { contract: { pace: false } }],
  ['a higher shared price', { contract: { sharedPrice: 900 } }, { contract: { sharedPrice: 1200 } }],
  ['no end', { contract: { until: HOUR } }, {}],
  ['no floor', { contract: { floor: 1 } }, {}],
  ['no delay', { contract: { delay: HOUR } }, {}],
  ['another address for posts', {}, { buyer: { post: ping } }],
  ['a balance in another currency', { buyer: { currency: 'EUR' } }, { buyer: { currency: 'USD' } }],
  [
    'a lower price of a buyer that is prepaid by now',
    { contract: { price: 1200 } },
    { contract: { price: 1100 }, buyer: { balance: 1100 } },
  ],
];

const LEAVES_ASLEEP: typeof WAKES = [
  ['nothing', {}, {}],
  ['a contract paused', {}, { contract: { active: false } }],
  ['a contract paused until a time', {}, { contract: { pausedUntil: HOUR } }],
  ['a longer pause', { contract: { pausedUntil: HOUR } }, { contract: { pausedUntil: 2 * HOUR } }],
  ['one state less', { contract: { states: ['CA', 'TX'] } }, { contract: { states: ['CA'] } }],
  ['a filter', {}, { contract: { filters } }],
  ['a lower price', { contract: { price: 1200 } }, { contract: { price: 1100 } }],
  ['a higher floor', {}, { contract: { floor: 2000 } }],
  ['another ceiling', {}, { contract: { ceiling: 2000 } }],
  ['a longer delay', { contract: { delay: HOUR } }, { contract: { delay: 2 * HOUR } }],
  ['a lower cap', { contract: { caps: { day: 2 } } }, { contract: { caps: { day: 1 } } }],
  ['a cap', {}, { contract: { caps: { day: 2 } } }],
  [
    'a cap in another order',
    { contract: { caps: { day: 2, week: 3 } } },
    { contract: { caps: { week: 3, day: 2 } } },
  ],
  ['another tier and weight', {}, { contract: { tier: 2, weight: 5 } }],
  ['terms of return', {}, { contract: { returns: { within: HOUR, refund: 100 } as never } }],
  ['a higher floor of the campaign', {}, { campaign: { sale: { ...sale, floor: 2000 } } }],
  ['a margin', {}, { campaign: { margin: { percent: 10 } as never } }],
  ['other retries', {}, { campaign: { pending: { retryAfter: [HOUR], expireAfter: 2 * HOUR } } }],
  ['retention', {}, { campaign: { retention: HOUR } }],
  ['a rule against duplicates', {}, { campaign: { duplicates: { ...duplicates, by: ['phone'] } } }],
  ['a campaign inactive', {}, { campaign: { active: false } }],
  ['a buyer’s name', {}, { buyer: { name: 'Northwind Traders' } }],
  ['other notices', {}, { buyer: { notices: { ...ping, events: ['won'] } } }],
  ['a buyer without a ping', {}, { buyer: { ping: undefined } }],
  ['a lower balance', { buyer: { balance: 200 } }, { buyer: { balance: 100 } }],
  ['a threshold of its balance', {}, { buyer: { lowBalance: 100 } }],
  ['a higher floor of places', {}, { campaign: { sale: { ...sale, sharedFloor: 1001 } } }],
  ['another award', {}, { campaign: { sale: { ...sale, award: 'weighted' } } }],
  ['more places', {}, { campaign: { sale: { ...sale, maxBuyers: 3 } } }],
  ['a price that ends the round', {}, { campaign: { sale: { ...sale, instantBuy: 5000 } } }],
  ['checks', {}, { contract: { checks } }],
  ['hours', {}, { contract: { schedule } }],
  [
    'other delivery terms',
    { contract: { delivery } },
    { contract: { delivery: { ...delivery, attempts: 9 } } },
  ],
  [
    'uncertain posts that were offered again already',
    { contract: { delivery: { ...delivery, again: true } } },
    { contract: { delivery: { ...delivery, again: true, attempts: 9 } } },
  ],
  ['delivery terms', {}, { contract: { delivery } }],
  ['no delivery terms', { contract: { delivery } }, {}],
  ['a floor of nothing', {}, { contract: { floor: 0 } }],
  ['the same floor for places', {}, { campaign: { sale: { ...sale, sharedFloor: 1000 } } }],
  ['a paced cap', {}, { contract: { pace: true } }],
  ['a lower end', {}, { contract: { until: HOUR } }],
  ['a prepaid balance', {}, { buyer: { balance: 100 } }],
  ['an address for statuses', {}, { buyer: { status: ping } }],
  ['names of a source’s fields', {}, { seller: { sources: { form: {} } } }],
  [
    'fewer states of many',
    { contract: { states: ['TX', 'CA', 'NY'] } },
    { contract: { states: ['NY', 'TX'] } },
  ],
  ['a slug', {}, { seller: { slug: 'acme-leads' } }],
  ['addresses for postbacks', {}, { seller: { postbacks: ['http://acme.example/'] } }],
];

function marketWith({ contract = {}, campaign = {}, buyer = {}, seller = {} }: Change) {
  const { sellers, ...rest } = marketOf(campaign, { northwind: contract }, { northwind: buyer });
  return { ...rest, sellers: sellers.map((one) => ({ ...one, ...seller })) };
}

test.each(WAKES)('%s may let a contract take more leads', (_, was, now) => {
  expect(contractsToReconsider(marketWith(was), marketWith(now))).toEqual([
    { id: `${CAMPAIGN}/northwind`, campaign: CAMPAIGN },
  ]);
});

test.each(LEAVES_ASLEEP)('%s lets no contract take more leads', (_, was, now) => {
  expect(contractsToReconsider(marketWith(was), marketWith(now))).toEqual([]);
});

test.each<[unknown, unknown, boolean]>([
  [{ a: 1, b: 2, c: 3 }, { c: 3, a: 1, b: 2 }, true],
  [{ a: 1, b: 2, c: 3 }, { b: 2, a: 1, c: 3 }, true],
  [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, true],
  [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }], true],
  [{ a: null }, { a: null }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: 1 }, { b: 1 }, false],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [null, {}, false],
])('Whether %j and %j are the same: %s', (a, b, same) => {
  expect(isSame(a, b)).toBe(same);
});

test('A new contract may take more leads, and a removed contract may not', () => {
  const none = { sellers: [], buyers: [], campaigns: [], contracts: [] };
  const market = marketWith({});
  expect(contractsToReconsider({ ...market, contracts: [] }, market)).toHaveLength(1);
  expect(contractsToReconsider(market, none)).toEqual([]);
});

test('Leads reschedule their wait if their campaign’s pending terms change, and not if they stay the same or are new', () => {
  const before = marketWith({ campaign: { pending: { retryAfter: [HOUR], expireAfter: 9 * HOUR } } });
  const after = marketWith({ campaign: { pending: { retryAfter: [HOUR], expireAfter: 5 * HOUR } } });
  expect(campaignsWithNewPendingTerms(before, after)).toEqual([CAMPAIGN]);
  expect(campaignsWithNewPendingTerms(before, before)).toEqual([]);
  expect(campaignsWithNewPendingTerms({ campaigns: [] }, after)).toEqual([]);
});

describe('The notification of a lead that waits three hours for its next round, if', () => {
  const pending = { retryAfter: [3 * HOUR], expireAfter: 9 * HOUR };
  const now = 10 * HOUR;
  const lead: LeadInRound = {
    facts: {
      leadId: 'lead',
      seller: 'ACME1234',
      category: 'Auto Insurance',
      state: 'TX',
      receivedAt: now - HOUR,
      test: false,
    },
    fields: {},
    currency: 'USD',
    source: 'a',
    offered: {},
  };

  const news = (contracts: Partial<Contract>[], change: Change = {}, isPending = false) => {
    const { sellers, campaigns, buyers, ...market } = marketWith(change);
    const [seller, campaign, buyer, contract] = [sellers[0], campaigns[0], buyers[0], market.contracts[0]];
    if (!seller || !campaign || !buyer || !contract) throw new Error('The market is empty');
    const changed = compileContracts(
      campaign,
      contracts.map((terms) => ({ ...contract, ...terms })),
      new Map([[buyer.id, buyer]]),
    );
    return waitUpdateFor(
      { seller, campaign: { ...campaign, pending } },
      { contracts: changed, pending: isPending },
      lead,
      { dueAt: now + 2 * HOUR, now },
    );
  };
  const later = (hours: number) => ({ price: 1200, delay: hours * HOUR });

  test.each<[what: string, expected: ReturnType<typeof news>, actual: () => ReturnType<typeof news>]>([
    ['one takes it now', 'now', () => news([{ states: ['CA'] }, { price: 1200 }, later(2)])],
    [
      'the first of two takes it before it would wake',
      { changes: [{ at: now + HOUR, what: 'delay' }] },
      () => news([later(2.5), later(2)]),
    ],
    ['it would wake at the same time', undefined, () => news([later(3)])],
    ['it would wake earlier', undefined, () => news([later(5)])],
    ['no contract ever takes it', undefined, () => news([{ price: 1200, states: ['CA'] }])],
    ['its campaign is inactive', undefined, () => news([{ price: 1200 }], { campaign: { active: false } })],
    [
      'its campaign’s pause ends before it would wake',
      { changes: [{ at: now + HOUR, what: 'resume' }] },
      () => news([{ price: 1200 }], { campaign: { pausedUntil: now + HOUR } }),
    ],
    [
      'its campaign’s pause ends after it would wake',
      undefined,
      () => news([{ price: 1200 }], { campaign: { pausedUntil: now + 3 * HOUR } }),
    ],
    [
      'its campaign’s pause is over',
      'now',
      () => news([{ price: 1200 }], { campaign: { pausedUntil: now } }),
    ],
    ['its pending terms change', { pending, changes: [] }, () => news([later(5)], {}, true)],
    [
      'its pending terms change in an inactive campaign',
      { pending, changes: [] },
      () => news([{}], { campaign: { active: false } }, true),
    ],
    [
      'both change',
      { pending, changes: [{ at: now + HOUR, what: 'delay' }] },
      () => news([later(2)], {}, true),
    ],
  ])('%s', (_, expected, actual) => {
    expect(actual()).toEqual(expected);
  });
});
