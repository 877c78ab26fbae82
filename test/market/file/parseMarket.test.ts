import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { changeMarket, EMPTY, readMarketFile } from '../../../src/market/file/changeMarket.js';
import { faultText } from '../../../src/market/file/fault.js';
import { parseMarket } from '../../support/parseMarket.js';

const MARKET = readFileSync(new URL('market.yaml', import.meta.url), 'utf8');

/** The printed faults of a file that must be complete. */
function faultsOf(text: string): string[] {
  const parsed = parseMarket(text);
  return 'faults' in parsed ? parsed.faults.map((fault) => faultText('m.yaml', fault)) : [];
}

/** The market with one part replaced. The part must exist. */
function changed(from: string, to: string): string {
  expect(MARKET).toContain(from);
  return MARKET.replace(from, to);
}

describe('A market file without faults', () => {
  test('gives the terms with all defaults', () => {
    const parsed = parseMarket(MARKET);
    const minutes = (count: number) => count * 60_000;
    expect('market' in parsed && parsed.market).toEqual({
      sellers: [
        {
          code: 'ACME1234',
          slug: 'acme-insurance',
          name: 'Acme Insurance Leads',
          active: true,
          postbacks: [],
        },
      ],
      buyers: [
        {
          id: 'northwind',
          name: 'Northwind Mutual',
          active: true,
          ping: { url: 'http://127.0.0.1:4101/ping', timeoutMs: 800 },
          post: { url: 'http://127.0.0.1:4101/post', timeoutMs: 3000 },
        },
        {
          id: 'fabrikam',
          name: 'Fabrikam Agents',
          active: true,
          post: { url: 'http://127.0.0.1:4102/post', timeoutMs: 3000 },
        },
      ],
      campaigns: [
        {
          id: 'ACME1234/auto-insurance',
          seller: 'ACME1234',
          category: 'Auto Insurance',
          active: true,
          currency: 'USD',
          required: ['firstName', 'lastName', 'phone', 'state'],
          sale: { mode: 'exclusive', maxBuyers: 1, floor: 1000, award: 'highestBid' },
          pending: {
            retryAfter: [1, 5, 30, 120, 720, 1440].map(minutes),
            expireAfter: minutes(4320),
          },
        },
        {
          id: 'ACME1234/solar',
          seller: 'ACME1234',
          category: 'Solar',
          active: true,
          currency: 'USD',
          required: ['firstName', 'lastName', 'phone', 'state'],
          sale: { mode: 'exclusive', maxBuyers: 1, floor: 0, award: 'highestBid' },
          pending: {
            retryAfter: [1, 5, 30, 120, 720, 1440].map(minutes),
            expireAfter: minutes(4320),
          },
        },
      ],
      contracts: [
        {
          id: 'ACME1234/auto-insurance/northwind',
          campaign: 'ACME1234/auto-insurance',
          buyer: 'northwind',
          active: true,
          tier: 1,
          weight: 1,
          timezone: 'UTC',
          states: ['TX', 'CA', 'FL'],
        },
        {
          id: 'ACME1234/auto-insurance/fabrikam',
          campaign: 'ACME1234/auto-insurance',
          buyer: 'fabrikam',
          active: true,
          tier: 1,
          weight: 1,
          timezone: 'UTC',
          price: 1250,
          delay: minutes(15),
        },
        {
          id: 'ACME1234/solar/northwind',
          campaign: 'ACME1234/solar',
          buyer: 'northwind',
          active: true,
          tier: 1,
          weight: 1,
          timezone: 'UTC',
          price: 2200,
        },
      ],
    });
    expect(faultsOf(MARKET)).toEqual([]);
  });

  test('is the example in the design', () => {
    expect(faultsOf(readFileSync(new URL('example.yaml', import.meta.url), 'utf8'))).toEqual([]);
  });

  test('may use aliases and may be JSON', () => {
    expect(
      faultsOf(changed('{ buyer: northwind, price: 22.00 }', '&offer { buyer: northwind, price: 22.00 }')),
    ).toEqual([]);
    const states = changed('[TX, california, fl]', '&states [TX, california, fl]');
    expect(faultsOf(states.replace('price: 12.50', 'price: 12.50\n        states: *states'))).toEqual([]);
    expect(faultsOf('{"sellers": [{"code": "ACME1234", "slug": "acme", "name": "Acme"}]}')).toEqual([]);
  });
});

/** A change of the market above, and the one fault that results. */
const FAULTS: [string, string, string, string][] = [
  // sellers and buyers
  [
    'a code of the wrong form',
    'code: ACME1234',
    'code: acme',
    '3:11  sellers[0].code: "acme" is not a seller’s code (8 characters, A-Z and 0-9); write it like "ACME1234"',
  ],
  [
    'a code of digits without quotes',
    'code: ACME1234',
    'code: 12345678',
    '3:11  sellers[0].code: is read as a number; put it in quotes: "12345678"',
  ],
  [
    'a slug with a capital',
    'acme-insurance',
    'Acme',
    '4:11  sellers[0].slug: "Acme" is not a slug (a-z, 0-9 and single hyphens, at most 64); did you mean acme?',
  ],
  ['no name', '    name: Acme Insurance Leads\n', '', '3:5  sellers[0].name: is missing; a seller needs it'],
  [
    'an empty name',
    'name: Acme Insurance Leads',
    'name:',
    '5:5  sellers[0].name: has no value; it must be a name (1 to 100 characters on one line), like "Acme Insurance"',
  ],
  [
    'two buyers of one id',
    '\ncampaigns:',
    '  - { id: fabrikam, name: F, post: { url: "http://x", timeoutMs: 50 } }\ncampaigns:',
    '15:11  buyers[2].id: "fabrikam" is taken: entry [1] of the list has it already',
  ],
  [
    'a ping that may take too long',
    'timeoutMs: 800',
    'timeoutMs: 10001',
    '10:59  buyers[0].ping.timeoutMs: 10001 is not a timeout in milliseconds (a whole number from 50 to 10000); write it like 800',
  ],
  [
    'a timeout in quotes',
    'timeoutMs: 800',
    'timeoutMs: "800"',
    '10:59  buyers[0].ping.timeoutMs: is a text; write the number without quotes: 800',
  ],
  [
    'an address with a password',
    'http://127.0.0.1:4102/post',
    'http://me:secret@127.0.0.1/',
    '14:18  buyers[1].post.url: "http://me:secret@127.0.0.1/" is not an http or https address without user name and password; write it like "https://buyer.example/leads"',
  ],
  [
    'an address without its protocol',
    'http://127.0.0.1:4102/post',
    'localhost:4102/post',
    '14:18  buyers[1].post.url: "localhost:4102/post" begins neither with http:// nor with https://; write it like "http://localhost:4102/post"',
  ],
  [
    'an address of another protocol',
    'http://127.0.0.1:4102/post',
    'ftp://127.0.0.1/',
    '14:18  buyers[1].post.url: "ftp://127.0.0.1/" is not an http or https address without user name and password; write it like "https://buyer.example/leads"',
  ],
  [
    'a name with a bidirectional control character',
    'name: Fabrikam Agents',
    'name: "Fabrikam \\u202estnegA"',
    '13:11  buyers[1].name: "Fabrikam \u202estnegA" is not a name (1 to 100 characters on one line); write it like "Acme Insurance"',
  ],
  [
    'a buyer without a post',
    "    post: { url: 'http://127.0.0.1:4102/post', timeoutMs: 3000 }\n",
    '',
    '12:5  buyers[1].post: is missing; a buyer needs it, or an outlet in each of its contracts',
  ],
  // campaigns
  [
    'two categories that are one',
    'category: Solar',
    'category: auto  insurance',
    '31:15  campaigns[1].category: "auto  insurance": ACME1234 has one campaign a category, and campaigns[0] is it already',
  ],
  [
    'two categories of one id',
    'category: Solar',
    'category: Auto-Insurance',
    '31:15  campaigns[1].category: "Auto-Insurance": makes the same id (ACME1234/auto-insurance) as "Auto Insurance" of campaigns[0]; choose another name',
  ],
  [
    'a category without a letter for its id',
    'category: Solar',
    'category: "***"',
    '31:15  campaigns[1].category: "***" is not a category (1 to 100 characters on one line, a letter a-z or a digit among them); write it like "Auto Insurance"',
  ],
  [
    'an unknown currency',
    'currency: USD',
    'currency: USX',
    '20:15  campaigns[0].currency: "USX" is not a currency’s code (ISO 4217); write it like "USD"',
  ],
  [
    'a floor below zero',
    'floor: 10.00',
    'floor: -1',
    '22:37  campaigns[0].sale.floor: -1 is not an amount of money (a number from 0 to 1000000000); write it like 10.00',
  ],
  [
    'a floor of a tenth of a cent',
    'floor: 10.00',
    'floor: 10.001',
    '22:37  campaigns[0].sale.floor: 10.001 has more decimals than USD, which has at most 2 decimals; write it like 10.00',
  ],
  [
    'an answer that is neither true nor false',
    'active: true',
    'active: yes',
    '19:13  campaigns[0].active: "yes" is not true or false; write it like true',
  ],
  [
    'a required field twice',
    '[firstName, lastName, phone, state]',
    '[phone, state, phone]',
    '21:30  campaigns[0].required[2]: "phone" is in the list twice; remove one',
  ],
  [
    'a required field that is always required',
    '[firstName, lastName, phone, state]',
    '[phone, seller]',
    '21:23  campaigns[0].required[1]: "seller" is not a field name (a letter, then letters, digits, _ and -, at most 64; not seller or category); write it like "firstName"',
  ],
  [
    'an unknown way of selling',
    'mode: exclusive',
    'mode: exclusiv',
    '22:19  campaigns[0].sale.mode: "exclusiv" is not a sale mode (exclusive, shared, hybrid); did you mean exclusive?',
  ],
  [
    'no time to wait',
    'retryAfter: [1m, 5m, 30m, 2h, 12h, 24h]',
    'retryAfter: []',
    '23:28  campaigns[0].pending.retryAfter: is empty; remove it, or name at least one',
  ],
  [
    'a time to wait without a unit',
    '[1m, 5m, 30m',
    '[1, 5m, 30m',
    '23:29  campaigns[0].pending.retryAfter[0]: 1 is not a duration from 1s to 365d; write it like "5m"',
  ],
  [
    'too long a life',
    'expireAfter: 72h',
    'expireAfter: 366d',
    '23:70  campaigns[0].pending.expireAfter: "366d" is not a duration from 1s to 365d; write it like "72h"',
  ],
  [
    'more rounds than make sense',
    '[1m, 5m, 30m, 2h, 12h, 24h]',
    '[1s]',
    '23:28  campaigns[0].pending.retryAfter: would offer an unsold lead 259201 times before it expires; at most 1000 make sense: lengthen the last wait, which repeats',
  ],
  [
    'a retention that is shorter than duplicates are looked for',
    '    currency: USD\n',
    '    retention: 29d\n    duplicates: { by: [phone], withinDays: 30 }\n',
    '20:16  campaigns[0].retention: "29d" is shorter than the period of a duplicate rule; make it at least 30d',
  ],
  [
    'an entry that is no campaign',
    '  - seller: ACME1234\n    category: Solar\n',
    '  - 7\n  - seller: ACME1234\n    category: Solar\n',
    '30:5  campaigns[1]: 7 is not a campaign, which is a map with the keys seller, category, active, pausedUntil, currency, redirects, required, fields, sale, stages, margin, duplicates, checks, retention, pending, contracts',
  ],
  [
    'a seller whom nobody knows',
    '  - seller: ACME1234\n    category: Solar',
    '  - seller: ACME1235\n    category: Solar',
    '30:13  campaigns[1].seller: "ACME1235" is neither in this file nor in the market; did you mean ACME1234?',
  ],
  // contracts
  [
    'a mistyped key',
    'delay: 15m',
    'delya: 15m',
    '29:9  campaigns[0].contracts[1].delya: a contract has no key "delya"; did you mean delay?',
  ],
  [
    'a key from nowhere',
    'delay: 15m',
    'colour: red',
    '29:9  campaigns[0].contracts[1].colour: a contract has no key "colour"; the keys are buyer, active, pausedUntil, tier, weight, states, filters, sources, schedule, timezone, price, sharedPrice, floor, ceiling, delay, until, caps, postCaps, budget, pace, duplicates, checks, ping, protocol, outlet, delivery, returns',
  ],
  [
    'a pause until a day without a time',
    'delay: 15m',
    'pausedUntil: 2026-12-01',
    '29:22  campaigns[0].contracts[1].pausedUntil: "2026-12-01" is not a date and time with its offset from UTC (ISO 8601); write it like "2026-12-01T09:00:00-06:00"',
  ],
  [
    'a pause until a time without its offset',
    'delay: 15m',
    'pausedUntil: 2026-12-01T09:00:00',
    '29:22  campaigns[0].contracts[1].pausedUntil: "2026-12-01T09:00:00" is not a date and time with its offset from UTC (ISO 8601); write it like "2026-12-01T09:00:00-06:00"',
  ],
  [
    'a pause until a day that does not exist',
    'delay: 15m',
    'pausedUntil: 2026-11-31T09:00:00Z',
    '29:22  campaigns[0].contracts[1].pausedUntil: "2026-11-31T09:00:00Z" is not a date and time with its offset from UTC (ISO 8601); write it like "2026-12-01T09:00:00-06:00"',
  ],
  [
    'a key twice',
    'delay: 15m',
    'price: 12.00',
    '29:9  campaigns[0].contracts[1].price: is here for the second time in its map; keep one of the two',
  ],
  [
    'a buyer whom nobody knows',
    'buyer: fabrikam',
    'buyer: fabricam',
    '27:16  campaigns[0].contracts[1].buyer: "fabricam" is neither in this file nor in the market; did you mean fabrikam?',
  ],
  [
    'a buyer with two contracts',
    'buyer: fabrikam',
    'buyer: northwind',
    '27:16  campaigns[0].contracts[1].buyer: "northwind" is taken: entry [0] of the list has it already',
  ],
  [
    'neither price nor ping',
    '        price: 12.50\n',
    '',
    '27:9  campaigns[0].contracts[1]: has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping',
  ],
  [
    'an unknown state',
    'california',
    'kalifornia',
    '26:22  campaigns[0].contracts[0].states[1]: "kalifornia" is not a US state, district or territory; write it like "TX"',
  ],
  [
    'a state twice',
    'california',
    'Texas',
    '26:22  campaigns[0].contracts[0].states[1]: "TX" is taken: entry [0] of the list has it already',
  ],
  [
    'no state',
    '[TX, california, fl]',
    '[]',
    '26:17  campaigns[0].contracts[0].states: is empty; remove it, or name at least one',
  ],
  [
    'one state instead of a list',
    '[TX, california, fl]',
    'TX',
    '26:17  campaigns[0].contracts[0].states: "TX" is not a list of states; write it in [ ], or with a dash before each entry',
  ],
  [
    'a price of nothing',
    'price: 12.50',
    'price: 0',
    '28:16  campaigns[0].contracts[1].price: 0 is not a price (a number above 0, at most 1000000000); write it like 12.50',
  ],
  [
    'a price in quotes',
    'price: 12.50',
    'price: "12.50"',
    '28:16  campaigns[0].contracts[1].price: is a text; write the number without quotes: 12.50',
  ],
  [
    'no number at all',
    'price: 12.50',
    'price: .inf',
    '28:16  campaigns[0].contracts[1].price: Infinity is not a price (a number above 0, at most 1000000000); write it like 12.50',
  ],
  [
    'a delay that outlasts the lead',
    'delay: 15m',
    'delay: 3d',
    '29:16  campaigns[0].contracts[1].delay: 3d is never reached: an unsold lead expires before it',
  ],
  // the text
  [
    'an undefined alias',
    'states: [TX, california, fl]',
    'states: *west',
    '26:17  *west stands for nothing: write &west before what it repeats',
  ],
  [
    'an alias within what it repeats',
    'states: [TX, california, fl]',
    'states: &west [TX, [*west]]',
    '26:29  *west is within what it repeats, which would never end; remove it',
  ],
  ['a tag', 'price: 12.50', 'price: !money 12.50', "28:16  can't be read as YAML: Unresolved tag: !money"],
  [
    'two documents',
    'campaigns:',
    '---\ncampaigns:',
    '16:1  begins a second document; a market is one: remove the line with ---',
  ],
  [
    'a bracket that is not closed',
    '[TX, california, fl]',
    '[TX',
    "27:7  can't be read as YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (4 more faults after this one may follow from it)",
  ],
];

describe('A market file is rejected for', () => {
  test.each(FAULTS)('%s', (_, from, to, fault) => {
    expect(faultsOf(changed(from, to))[0]).toBe(`m.yaml:${fault}`);
    if (!fault.includes('YAML')) expect(faultsOf(changed(from, to))).toHaveLength(1);
  });

  test.each([
    ['nothing', '', '1:1  is empty; name sellers, buyers or campaigns'],
    ['comments only', '# nothing\n', '1:1  is empty; name sellers, buyers or campaigns'],
    ['an empty map', '{}', '1:1  names none of sellers, buyers, campaigns'],
    [
      'a text',
      'a market',
      '1:1  "a market" is not a market, which is a map with the keys sellers, buyers, campaigns',
    ],
    ['a list', '- 1', '1:1  a list is not a market, which is a map with the keys sellers, buyers, campaigns'],
    [
      'a list that is not there',
      'sellers:',
      '1:1  sellers: nothing is not a list of sellers; write it in [ ], or with a dash before each entry',
    ],
  ])('being %s', (_, text, fault) => {
    expect(faultsOf(text)).toEqual([`m.yaml:${fault}`]);
  });

  test('a line of text above its first key, at that line alone', () => {
    expect(faultsOf(`npm warn something\n\n${MARKET}`)).toEqual([
      'm.yaml:1:1  "npm warn something" is not a key with a colon after it; remove it',
    ]);
    expect(faultsOf(`> gavel@0.1.0 gavel\n${MARKET}`)).toHaveLength(1);
  });

  test('its size, its depth, or its number of aliases', () => {
    expect(faultsOf(`#${'x'.repeat(9_000_000)}`)).toEqual([
      'm.yaml:1:1  is 9000001 characters long; more than 8388608 are not read',
    ]);
    expect(faultsOf('['.repeat(50_000))[0]).toContain('is nested too deeply');
    const levels = Array.from({ length: 9 }, (_, i) => `&l${i + 1} [${`*l${i}, `.repeat(9)}]`);
    expect(faultsOf(`sellers: [&l0 [x], ${levels.join(', ')}]`)[0]).toContain('Excessive alias count');
  });

  test('all of its faults at once', () => {
    const text = changed('code: ACME1234', 'code: acme')
      .replace('buyer: fabrikam', 'buyer: epsilon\n        schedule: { timezone: UTC, open: ["9:00"] }')
      .replace('        delay: 15m', '        delay: 15m\n      - { buyer: fabrikam, price: 1 }')
      .replace('id: fabrikam', 'id: Fabrikam')
      .replace('price: 12.50', 'price: 12.505')
      .replace('delay: 15m', 'delay: soon')
      .replace('category: Solar', 'category: auto insurance');
    expect(faultsOf(text).map((fault) => fault.split('  ')[1]?.split(':')[0])).toEqual([
      'sellers[0].code',
      'buyers[1].id',
      'campaigns[0].contracts[1].buyer',
      'campaigns[0].contracts[1].schedule.open[0]',
      'campaigns[0].contracts[1].price',
      'campaigns[0].contracts[1].delay',
      'campaigns[1].category',
    ]);
  });
});

/** Further keys, each with a valid and an invalid value, and its position in the file. */
const MORE: [string, string, string, string][] = [
  [
    'postback',
    '    name: Acme Insurance Leads\n',
    '    postback: { url: "http://127.0.0.1/" }\n',
    'postback: { url: 7 }',
  ],
  ['balance', '    name: Fabrikam Agents\n', '    balance: 5000.00\n', 'balance: -1'],
  ['margin', '    currency: USD\n', '    margin: { percent: 0 }\n', 'margin: { percent: 101 }'],
  [
    'caps',
    '        delay: 15m\n',
    '        caps: { hour: 20, day: 100, month: 2000 }\n',
    'caps: { hour: 0 }',
  ],
  ['budget', '        delay: 15m\n', '        budget: { day: 3000.00 }\n', 'budget: { day: 0.001 }'],
  [
    'schedule',
    '        delay: 15m\n',
    '        schedule: { timezone: America/Chicago, open: ["Mon-Fri 08:00-20:00", "Sat 09:00-24:00"] }\n',
    'schedule: { timezone: America/Chicago, open: ["Mo-Fr 8-20"] }',
  ],
  [
    'schedule',
    '        delay: 15m\n',
    '        schedule: { timezone: UTC, open: ["Sun 00:00-00:01"] }\n',
    'schedule: { timezone: Mars/Olympus, open: ["Sun 00:00-00:01"] }',
  ],
  [
    'schedule',
    '        delay: 15m\n',
    '        schedule: { timezone: Asia/Kolkata, open: ["Sun 00:00-00:01"] }\n',
    'schedule: { timezone: Asia/Kolkata, open: ["Sun 09:00-09:00"] }',
  ],
  [
    'duplicates',
    '        delay: 15m\n',
    '        duplicates: { by: [phone, email], withinDays: 30 }\n',
    'duplicates: { by: [shoe], withinDays: 30 }',
  ],
  [
    'filters',
    '        delay: 15m\n',
    '        filters: [{ field: zip, startsWith: ["75", "76"] }]\n',
    'filters: [{ field: zip, startsWith: [75] }]',
  ],
  [
    'delivery',
    '        delay: 15m\n',
    '        delivery: { attempts: 3, within: 10s }\n',
    'delivery: { attempts: 3, within: soon }',
  ],
];

describe('Every key of a contract and a campaign', () => {
  test.each(MORE)('%s is accepted and checked at its position', (key, after, line, wrong) => {
    expect(faultsOf(changed(after, after + line))).toEqual([]);
    const faults = faultsOf(changed(after, `${after}${/^ */.exec(line)?.[0] ?? ''}${wrong}\n`));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(key);
  });

  test('a shared sale requires maxBuyers', () => {
    const paths = (sale: string) =>
      faultsOf(changed('{ mode: exclusive, floor: 10.00 }', sale)).map((f) => f.split('  ')[1]);
    expect(paths('{ mode: shared, maxBuyers: 3 }')).toEqual([]);
    expect(paths('{ mode: shared }')).toEqual([
      'campaigns[0].sale.maxBuyers: is missing; a shared sale needs it',
    ]);
  });

  test('lowBalance requires a prepaid buyer with low_balance notices', () => {
    const paths = (terms: string) =>
      faultsOf(changed('    name: Fabrikam Agents\n', `    name: Fabrikam Agents\n    ${terms}\n`)).map(
        (f) => f.split('  ')[1],
      );
    const notices = (event: string) => `notices: { url: "http://127.0.0.1/", events: [${event}] }`;
    const [balance, low, listed, won] = [
      'balance: 9.00',
      'lowBalance: 5.00',
      notices('low_balance'),
      notices('won'),
    ];
    expect(paths([balance, low, listed].join('\n    '))).toEqual([]);
    expect(paths([low, listed].join('\n    '))).toEqual([
      'buyers[1].lowBalance: is for prepaid buyers, and the buyer has no balance; add balance, or remove lowBalance (null in a change) and low_balance from notices.events',
    ]);
    expect(paths(listed)).toEqual([
      'buyers[1].notices.events: lists low_balance, which is for prepaid buyers, and the buyer has no balance; remove low_balance here',
    ]);
    expect(paths([balance, low, won].join('\n    '))).toEqual([
      'buyers[1].lowBalance: has no effect, because the buyer gets no low_balance notice; add low_balance to notices.events',
    ]);
    expect(paths([balance, listed].join('\n    '))).toEqual([
      'buyers[1].notices.events: lists low_balance, but the buyer has no lowBalance; add lowBalance: AMOUNT to the buyer, or remove low_balance from notices.events',
    ]);
  });

  test('a misspelled value or name gets the nearest valid one as a suggestion', () => {
    const first = (from: string, to: string) => faultsOf(changed(from, to))[0]?.replace(/^.*; /, '');
    const notices = 'notices: { url: "http://127.0.0.1/", events: [low_balence] }';
    expect(first('    name: Fabrikam Agents\n', `    name: Fabrikam Agents\n    ${notices}\n`)).toBe(
      'did you mean low_balance?',
    );
    expect(first('mode: exclusive', 'mode: shard')).toBe('did you mean shared?');
    expect(first('mode: exclusive', 'mode: auction')).toBe('write it like exclusive');
    expect(first('id: northwind', 'id: Beta')).toBe('did you mean beta?');
    expect(first('id: northwind', 'id: Acme Direct')).toBe('did you mean acme-direct?');
    expect(first('code: ACME1234', 'code: acme1234')).toBe('did you mean ACME1234?');
  });

  test('an invalid time range is reported', () => {
    const schedule = 'delay: 15m\n        schedule: { timezone: America/Chicago, open: ["Mo-Fr 8-20"] }';
    expect(faultsOf(changed('delay: 15m', schedule))).toEqual([
      'm.yaml:30:55  campaigns[0].contracts[1].schedule.open[0]: "Mo-Fr 8-20" is not a time range; write it like "Mon-Fri 08:00-20:00"',
    ]);
  });
});

describe('Between a file and the market', () => {
  const STORED = `
sellers: [{ code: OTHER123, slug: acme-insurance, name: Other }, { code: ACME1234, slug: acme, name: Acme }]
buyers:
  - { id: contoso, name: C, post: { url: 'https://c.example', timeoutMs: 500 } }
  - { id: fabrikam, name: F, ping: { url: 'https://f.example', timeoutMs: 500 }, post: { url: 'https://f.example', timeoutMs: 500 } }
campaigns:
  - { seller: OTHER123, category: Solar, contracts: [{ buyer: fabrikam }] }
  - { seller: ACME1234, category: Solar, currency: EUR, contracts: [{ buyer: contoso, price: 5.00 }] }`;
  const stored = parseMarket(STORED);
  const before = 'market' in stored ? stored.market : EMPTY;
  const against = (text: string, replace = false): string[] => {
    const changed = changeMarket(readMarketFile(text), before, { replace });
    return 'faults' in changed ? changed.faults.map((fault) => faultText('m.yaml', fault)) : [];
  };

  test('a taken slug, a removed ping that a contract needs and a currency of existing prices are faults', () => {
    expect(against(MARKET, true)).toEqual([
      'm.yaml:4:11  sellers[0].slug: "acme-insurance" is the slug of seller OTHER123; choose another, or change that seller\'s in this file',
      'm.yaml:12:5  contract OTHER123/solar/fabrikam (in the market): has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping',
      "m.yaml:30:5  campaigns[1].currency: can't become USD: contract ACME1234/solar/contoso price is 5.00 EUR; name each amount in USD in this file",
    ]);
  });

  test('a contract may name a stored buyer, and needs a price if the buyer has no ping', () => {
    const file = (contract: string) =>
      `campaigns: [{ seller: OTHER123, category: Auto, contracts: [{ buyer: contoso${contract} }] }]`;
    expect(against(file(', price: 5'))).toEqual([]);
    expect(against(file(''))).toEqual([
      expect.stringContaining('has neither a price nor a buyer with a ping'),
    ]);
  });
});
