import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Market } from '../../../src/market/model/market.js';
import { changeMarket, EMPTY, readMarketFile, type Changing } from '../../../src/market/file/changeMarket.js';
import { slipsOf, warningsOf } from '../../../src/market/file/warnings.js';

const NOW = Date.UTC(2026, 10, 28, 12);

function changed(text: string, market: Market, how: Changing = {}): Market {
  const result = changeMarket(readMarketFile(text), market, how);
  if ('changed' in result) return result.changed.terms;
  throw new Error(JSON.stringify(result.faults));
}

const FILE = readFileSync(new URL('market.yaml', import.meta.url), 'utf8')
  .replace(
    'delay: 15m',
    `delay: 15m
        until: 2d
        caps: { day: 50, hour: 9 }
        postCaps: { day: 80 }
        budget: { day: 300.00 }
        returns: { within: 7d }
        pace: true
        states: [TX]
        filters: [{ field: zip, startsWith: ['75'] }, { field: age, range: { min: 18 } }]
        sources: { not: [old-partner] }
        schedule: { timezone: UTC, open: ['Mon-Fri 08:00-20:00'], holidays: US }
        duplicates: { by: [phone], withinDays: 30 }
        checks: [{ name: score, url: 'https://s.example', timeoutMs: 500, sends: [zip], answer: ok, whenSilent: pass }]`,
  )
  .replace('states: [TX, california, fl]', 'floor: 3.00\n        ceiling: 90.00')
  .replace('name: Fabrikam Agents', 'name: Fabrikam Agents\n    balance: 100.00')
  .replace(
    'currency: USD',
    'currency: USD\n    margin: { percent: 10 }\n    retention: 90d\n    duplicates: { by: [phone], withinDays: 30 }',
  )
  .replace(
    'name: Acme Insurance Leads',
    "name: Acme Insurance Leads\n    postback: { url: 'https://acme.example/status', also: ['https://crm.example:8443/gavel'] }",
  )
  .replace('name: Northwind Mutual', 'name: Northwind Mutual\n    active: false')
  .replace('category: Solar', 'category: Solar\n    active: false');
const MARKET = changed(FILE, EMPTY);

const warned = (text: string, how: Changing = {}): string[] =>
  [...warningsOf(MARKET, changed(text, MARKET, how), NOW)].flatMap(([what, warnings]) =>
    warnings.map((warning) => `${what} ${warning}`),
  );

const AUTO = 'campaign ACME1234/auto-insurance';
const FABRIKAM = 'contract ACME1234/auto-insurance/fabrikam';
const NORTHWIND = 'contract ACME1234/auto-insurance/northwind';
const auto = (keys: string): string => `campaigns: [{ seller: ACME1234, category: Auto Insurance, ${keys} }]`;
const fabrikam = (keys: string): string => auto(`contracts: [{ buyer: fabrikam, ${keys} }]`);

describe('A change requires confirmation', () => {
  test.each<[string, string[]]>([
    [
      fabrikam('caps: { day: null }, pace: null'),
      [`${FABRIKAM} removes its limit on leads a day`, `${FABRIKAM} may buy all of its daily cap at once`],
    ],
    [
      fabrikam('caps: null, pace: null'),
      [
        `${FABRIKAM} removes its limit on leads an hour, a day`,
        `${FABRIKAM} may buy all of its daily cap at once`,
      ],
    ],
    [fabrikam('postCaps: null'), [`${FABRIKAM} removes its limit on posts a day`]],
    [fabrikam('budget: null'), [`${FABRIKAM} removes its limit on spending a day`]],
    [fabrikam('until: null'), [`${FABRIKAM} is offered leads of any age`]],
    [fabrikam('states: null'), [`${FABRIKAM} buys leads of every state`]],
    [fabrikam('states: [TX, CA]'), [`${FABRIKAM} buys leads of more states: CA`]],
    [fabrikam('filters: null'), [`${FABRIKAM} removes or changes a filter on zip, age`]],
    [
      fabrikam("filters: [{ field: zip, startsWith: ['75'] }]"),
      [`${FABRIKAM} removes or changes a filter on age`],
    ],
    [fabrikam('sources: null'), [`${FABRIKAM} removes its limit on sources (not)`]],
    [fabrikam('schedule: null'), [`${FABRIKAM} buys at any time: its schedule is removed`]],
    [fabrikam('schedule: { holidays: null }'), [`${FABRIKAM} buys on days that were closed (holidays)`]],
    [fabrikam('duplicates: null'), [`${FABRIKAM} buys leads of the same person again`]],
    [fabrikam('checks: null'), [`${FABRIKAM} no longer makes the check score`]],
    [
      auto('contracts: [{ buyer: northwind, floor: null, ceiling: null }]'),
      [`${NORTHWIND} no longer has a floor of its own`, `${NORTHWIND} no longer has a ceiling`],
    ],
    [auto('margin: null'), [`${AUTO} the house no longer keeps a share of its sales`]],
    [auto('retention: null'), [`${AUTO} no longer has a retention of its own`]],
    [auto('duplicates: null'), [`${AUTO} sells leads of the same person again`]],
    [auto('active: false'), [`${AUTO} pauses this campaign: it accepts no leads, and pending ones expire`]],
    [
      auto("pausedUntil: '2026-12-01T00:00:00Z'"),
      [`${AUTO} pauses this campaign: it accepts no leads, and pending ones expire`],
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Solar, active: true }]',
      ['campaign ACME1234/solar resumes this campaign, which was paused'],
    ],
    ['buyers: [{ id: northwind, active: null }]', ['buyer northwind resumes this buyer, which was paused']],
    [
      'sellers: [{ code: ACME1234, active: false }]',
      ['seller ACME1234 pauses this seller: its leads are neither accepted nor offered'],
    ],
    [
      'buyers: [{ id: fabrikam, balance: null }]',
      [
        'buyer fabrikam ends its prepaid balance: it buys on account, and payments no longer limit its purchases',
      ],
    ],
    ['buyers: [{ id: fabrikam, balance: 60.00 }]', ['buyer fabrikam takes $40.00 off its balance']],
    [
      'buyers: [{ id: fabrikam, balance: 5000, currency: JPY }]',
      ['buyer fabrikam changes the currency of its balance from USD to JPY'],
    ],
    [
      auto('pending: { expireAfter: 1h }'),
      [`${AUTO} ends unsold leads sooner: leads that have waited 1h or longer expire at once`],
    ],
    [auto('margin: { percent: 50.01 }'), [`${AUTO} the house keeps 50.01 % of a price`]],
    [
      auto('margin: { bands: [{ from: 0, percent: 5 }, { from: 50, percent: 60 }] }'),
      [`${AUTO} the house keeps 60 % of a price`],
    ],
    [auto('sale: { mode: shared, maxBuyers: 4 }'), [`${AUTO} may sell a lead to 4 buyers instead of one`]],
    [auto('sale: { mode: hybrid, maxBuyers: 2 }'), [`${AUTO} may sell a lead to 2 buyers instead of one`]],
    [
      auto('required: [firstName, lastName, phone, state, email, zip]'),
      [`${AUTO} refuses leads without email, zip`],
    ],
    [fabrikam('returns: null'), [`${FABRIKAM} can no longer return leads`]],
    [
      "buyers: [{ id: fabrikam, post: { url: 'https://fabrlkam.example/leads' } }]",
      ['buyer fabrikam moves its post to fabrlkam.example'],
    ],
    [
      'sellers: [{ code: ACME1234, postback: null }]',
      ['seller ACME1234 no longer sends postbacks to acme.example, crm.example:8443'],
    ],
    [
      'sellers: [{ code: ACME1234, postback: { also: null } }]',
      ['seller ACME1234 no longer sends postbacks to crm.example:8443'],
    ],
    [
      "sellers: [{ code: ACME1234, postback: { url: 'https://other.example/status' } }]",
      ['seller ACME1234 no longer sends postbacks to acme.example'],
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Auto-Insurance }]',
      [`${AUTO} renames its category: sources that send "Auto Insurance" are refused`],
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Auto, contracts: [{ buyer: fabrikam, price: 1 }] }]',
      [
        'campaign ACME1234/auto is a new campaign; the seller has "Auto Insurance" already. Did you mean that one?',
      ],
    ],
  ])('%s', (text, warnings) => {
    expect(warned(text)).toEqual(warnings);
  });

  test('if it makes a campaign that sells to no buyer', () => {
    expect(warned('campaigns: [{ seller: ACME1234, category: Boats, sale: { floor: 5 } }]')).toEqual([
      'campaign ACME1234/boats is a new campaign without contracts, so its leads are not sold. The seller has Auto Insurance, Solar',
    ]);
  });

  test('if it prunes a contract or a campaign', () => {
    expect(warned(auto('contracts: [{ buyer: fabrikam }]'), { prune: true })).toEqual([
      `${NORTHWIND} removes this contract: it buys no more leads`,
      'contract ACME1234/solar/northwind removes this contract: it buys no more leads',
    ]);
    expect(warned('campaigns: [{ seller: ACME1234, category: Solar }]', { prune: true })).toContain(
      `${AUTO} pauses this campaign: it accepts no leads, and pending ones expire`,
    );
  });
});

describe('A change of an amount by a factor of ten or more requires confirmation', () => {
  test.each<[string, string, string, string]>([
    ['sale.floor', '10.00', '0.01', 'divides sale.floor by 1000'],
    ['sale.floor', '10.00', '1.00', 'divides sale.floor by 10'],
    ['sale.floor', '10.00', '0.00', 'lowers sale.floor to 0'],
    ['sale.floor', '0.00', '10.00', 'raises sale.floor from 0'],
    ['stages[0].floor', '12.00', '1200.00', 'multiplies stages[0].floor by 100'],
    ['balance', '100.00', '10000000.00', 'multiplies balance by 100000'],
    ['price', '7.00', '0.07', 'divides price by 100'],
    ['caps.day', '50', '50000', 'multiplies caps.day by 1000'],
    ['postCaps.hour', '30', '3', 'divides postCaps.hour by 10'],
    ['budget.day', '90.00', '90000.00', 'multiplies budget.day by 1000'],
    ['margin.percent', '3', '35', 'multiplies margin.percent by 11.67'],
    ['margin.bands[1].percent', '0.3', '3', 'multiplies margin.bands[1].percent by 10'],
    ['returns.refund', '100', '10', 'divides returns.refund by 10'],
  ])('%s: %s → %s', (path, from, to, warning) => {
    expect(slipsOf({ [path]: { from, to } })).toEqual([warning]);
  });

  test.each<[string, string | undefined, string | undefined]>([
    ['sale.floor', '10.00', '1.01'],
    ['caps.day', '50', '499'],
    ['balance', '0.00', '1000.00'],
    ['caps.day', undefined, '50000'],
    ['price', '7.00', undefined],
    ['weight', '1', '100'],
    ['ping.timeoutMs', '100', '1000'],
    ['delay', '1m', '10m'],
    ['fields.caps.label', '1', '100'],
    ['fields.returns.refund', '1', '100'],
    ['sources.landing.aliases.price', 'firstName', 'lastName'],
  ])('but not %s: %s → %s', (path, from, to) => {
    expect(slipsOf({ [path]: { from, to } })).toEqual([]);
  });
});

describe('A change requires no confirmation', () => {
  test.each([
    auto('margin: { percent: 50 }, required: [phone]'),
    "sellers: [{ code: ACME1234, postback: { url: 'https://acme.example/v2/status' } }]",
    fabrikam('price: 99.00, tier: 3, active: false'),
    fabrikam("pausedUntil: '2026-12-01T00:00:00Z', caps: { day: 10 }, states: [TX]"),
    auto('sale: { floor: 5.00 }, pending: { expireAfter: 5d }'),
    'buyers: [{ id: fabrikam, active: false, balance: 150.00 }]',
    'campaigns: [{ seller: ACME1234, category: Boats, contracts: [{ buyer: fabrikam, price: 1 }] }]',
    'sellers: [{ code: ACME1234, name: Acme }]',
    'buyers: [{ id: fabrikam, post: { timeoutMs: 5000 } }]',
  ])('%s', (text) => {
    expect(warned(text)).toEqual([]);
  });

  test('if it is the first file of an empty market', () => {
    expect(warningsOf(EMPTY, MARKET, NOW).size).toBe(0);
  });
});
