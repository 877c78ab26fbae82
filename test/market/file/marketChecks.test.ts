import { describe, expect, test } from 'vitest';
import { faultText } from '../../../src/market/file/fault.js';
import { parseMarket } from '../../support/parseMarket.js';

/** What a market file says beyond the least that it needs; each text follows other keys. */
interface Terms {
  seller?: string;
  buyer?: string;
  campaign?: string;
  contract?: string;
  more?: string;
}

const market = ({ seller = '', buyer = '', campaign = '', contract = '', more = '' }: Terms): string =>
  `sellers: [{ code: ACME1234, slug: acme, name: Acme${seller} }]
buyers:
  - { id: asked, name: A, ping: { url: https://a.example/, timeoutMs: 500 }, post: { url: https://a.example/, timeoutMs: 500 }${buyer} }
  - { id: silent, name: S, post: { url: https://s.example/, timeoutMs: 500 } }
campaigns:
  - seller: ACME1234
    category: Auto
    ${campaign}
    contracts:
      - { buyer: asked${contract} }
${more}`;

/** Line, column, path and message of each fault. */
function faultsOf(terms: Terms): string[] {
  const parsed = parseMarket(market(terms));
  return 'faults' in parsed ? parsed.faults.map((fault) => faultText('', fault).replace(/^:/, '')) : [];
}

const sources = (count: number): string =>
  `{ ${Array.from({ length: count }, (_, i) => `s${i}: { defaults: true }`).join(', ')} }`;

/** Faults between values that are right one by one, and how messages show values. */
const FAULTS: [name: string, terms: Terms, faults: string[]][] = [
  [
    'a currency without a balance',
    { buyer: ', currency: EUR' },
    ['3:129  buyers[0].currency: is the currency of a balance, and the buyer has none; add balance'],
  ],
  [
    'lowBalance without a balance',
    { buyer: ', lowBalance: 5' },
    [
      '3:129  buyers[0].lowBalance: is for prepaid buyers, and the buyer has no balance; add balance, or remove lowBalance (null in a change) and low_balance from notices.events',
    ],
  ],
  [
    'lowBalance without a notice',
    { buyer: ', balance: 9, lowBalance: 5' },
    [
      '3:141  buyers[0].lowBalance: has no effect, because the buyer gets no low_balance notice; add low_balance to notices.events',
    ],
  ],
  [
    'a low_balance notice without a balance',
    { buyer: ', notices: { url: https://a.example/, timeoutMs: 500, events: [low_balance] }' },
    [
      '3:189  buyers[0].notices.events: lists low_balance, which is for prepaid buyers, and the buyer has no balance; remove low_balance here',
    ],
  ],
  [
    'a low_balance notice without lowBalance',
    { buyer: ', balance: 9, notices: { url: https://a.example/, timeoutMs: 500, events: [low_balance] }' },
    [
      '3:201  buyers[0].notices.events: lists low_balance, but the buyer has no lowBalance; add lowBalance: AMOUNT to the buyer, or remove low_balance from notices.events',
    ],
  ],
  [
    'an amount of a buyer',
    { buyer: ', balance: 9.001' },
    [
      '3:138  buyers[0].balance: 9.001 has more decimals than USD, which has at most 2 decimals; write it like 9.00',
    ],
  ],
  [
    'an amount of a buyer in yen',
    { buyer: ', balance: 9.5, currency: JPY' },
    ['3:138  buyers[0].balance: 9.5 has more decimals than JPY, which has no decimals; write it like 10'],
  ],
  [
    'a shared sale without places',
    { campaign: 'sale: { mode: shared }' },
    ['8:11  campaigns[0].sale.maxBuyers: is missing; a shared sale needs it'],
  ],
  [
    'places in an exclusive sale',
    { campaign: 'sale: { mode: exclusive, maxBuyers: 2 }' },
    [
      '8:30  campaigns[0].sale.maxBuyers: has no meaning in an exclusive sale; remove it, or write mode: shared',
    ],
  ],
  [
    'places in a sale without a mode',
    { campaign: 'sale: { maxBuyers: 2 }' },
    [
      '8:13  campaigns[0].sale.maxBuyers: has no meaning in an exclusive sale; remove it, or write mode: shared',
    ],
  ],
  [
    'a floor for places',
    { campaign: 'sale: { mode: shared, maxBuyers: 2, sharedFloor: 5 }' },
    ['8:41  campaigns[0].sale.sharedFloor: has a meaning in a hybrid sale only; write floor'],
  ],
  [
    'instantBuy below the floor',
    { campaign: 'sale: { floor: 10, instantBuy: 9.99 }' },
    ['8:36  campaigns[0].sale.instantBuy: 9.99 is below the floor of 10'],
  ],
  [
    'two stages at a time',
    { campaign: 'stages: [{ after: 1h, floor: 1 }, { after: 1h, floor: 2 }]' },
    ['8:48  campaigns[0].stages[1].after: "1h" is taken: entry [0] of the list has it already'],
  ],
  [
    'a wrong stage',
    { campaign: 'stages: [{ after: 1h, maxBuyers: 2 }]' },
    [
      '8:27  campaigns[0].stages[0].maxBuyers: has no meaning in an exclusive sale; remove it, or write mode: shared',
    ],
  ],
  [
    'a late stage',
    { campaign: 'stages: [{ after: 72h, floor: 1 }]' },
    ['8:23  campaigns[0].stages[0].after: 72h is never reached: an unsold lead expires before it'],
  ],
  [
    'a late stage of its own expiry',
    { campaign: 'pending: { retryAfter: [1h], expireAfter: 2h }\n    stages: [{ after: 2h, floor: 1 }]' },
    ['9:23  campaigns[0].stages[0].after: 2h is never reached: an unsold lead expires before it'],
  ],
  [
    'two margins',
    { campaign: 'margin: { percent: 5, fixed: 1 }' },
    ['8:13  campaigns[0].margin: has percent and fixed; keep one of them'],
  ],
  [
    'a band without a share',
    { campaign: 'margin: { bands: [{ from: 0, percent: 5 }, { from: 10 }] }' },
    ['8:48  campaigns[0].margin.bands[1]: needs either percent or fixed'],
  ],
  [
    'a band with two shares',
    { campaign: 'margin: { bands: [{ from: 0, percent: 5, fixed: 1 }] }' },
    ['8:23  campaigns[0].margin.bands[0]: needs either percent or fixed'],
  ],
  [
    'a short retention',
    { campaign: 'retention: 29d\n    duplicates: { by: [phone], withinDays: 30 }' },
    [
      '8:16  campaigns[0].retention: "29d" is shorter than the period of a duplicate rule; make it at least 30d',
    ],
  ],
  [
    'a short retention for a contract',
    { campaign: 'retention: 29d', contract: ', duplicates: { by: [phone], withinDays: 30 }' },
    [
      '8:16  campaigns[0].retention: "29d" is shorter than the period of a duplicate rule; make it at least 30d',
    ],
  ],
  [
    '1002 rounds',
    { campaign: 'pending: { retryAfter: [1m], expireAfter: 1001m }' },
    [
      '8:28  campaigns[0].pending.retryAfter: would offer an unsold lead 1002 times before it expires; at most 1000 make sense: lengthen the last wait, which repeats',
    ],
  ],
  [
    '1001 rounds',
    { campaign: 'pending: { retryAfter: [1m], expireAfter: 1000m }' },
    [
      '8:28  campaigns[0].pending.retryAfter: would offer an unsold lead 1001 times before it expires; at most 1000 make sense: lengthen the last wait, which repeats',
    ],
  ],
  [
    'a contract without price or ping',
    { more: '      - { buyer: silent }' },
    [
      '11:9  campaigns[0].contracts[1]: has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping',
    ],
  ],
  [
    'a state twice',
    { contract: ', states: [TX, texas]' },
    ['10:38  campaigns[0].contracts[0].states[1]: "TX" is taken: entry [0] of the list has it already'],
  ],
  [
    'a late delay',
    { contract: ', delay: 72h' },
    ['10:32  campaigns[0].contracts[0].delay: 72h is never reached: an unsold lead expires before it'],
  ],
  [
    'an end before the delay',
    { contract: ', delay: 2h, until: 1h' },
    ['10:43  campaigns[0].contracts[0].until: 1h is over before its delay of 2h has ended'],
  ],
  [
    'an end with the delay',
    { contract: ', delay: 2h, until: 2h' },
    ['10:43  campaigns[0].contracts[0].until: 2h is over before its delay of 2h has ended'],
  ],
  [
    'a pace without a daily cap',
    { contract: ', pace: true, caps: { hour: 3 }' },
    [
      '10:31  campaigns[0].contracts[0].pace: spreads a daily cap over the day, and the contract has none; add caps.day, or remove pace',
    ],
  ],
  [
    'a pace without caps',
    { contract: ', pace: true' },
    [
      '10:31  campaigns[0].contracts[0].pace: spreads a daily cap over the day, and the contract has none; add caps.day, or remove pace',
    ],
  ],
  [
    'a name in pings',
    { contract: ', ping: { fields: [zip, lastName] }' },
    [
      '10:47  campaigns[0].contracts[0].ping.fields[1]: "lastName" says who the person is, which no ping does; remove it',
    ],
  ],
  [
    'a ceiling of a price',
    { contract: ', price: 5, ceiling: 9' },
    ['10:44  campaigns[0].contracts[0].ceiling: is for bids; this contract has a price'],
  ],
  [
    'an amount in a list',
    { campaign: 'margin: { bands: [{ from: 0, fixed: 0.001 }] }' },
    [
      '8:41  campaigns[0].margin.bands[0].fixed: 0.001 has more decimals than USD, which has at most 2 decimals; write it like 0.00',
    ],
  ],
  [
    'an amount',
    { campaign: 'currency: JPY', contract: ', price: 5.5' },
    [
      '10:32  campaigns[0].contracts[0].price: 5.5 has more decimals than JPY, which has no decimals; write it like 6',
    ],
  ],
  [
    'a slug twice',
    { seller: ' }, { code: BETA1234, slug: acme, name: B' },
    [
      '1:79  sellers[1].slug: "acme" is the slug of seller ACME1234; choose another, or change that seller\'s in this file',
    ],
  ],
  [
    'a mistyped buyer',
    { more: '      - { buyer: aksed }' },
    [
      '11:18  campaigns[0].contracts[1].buyer: "aksed" is neither in this file nor in the market; did you mean asked?',
    ],
  ],
  [
    'an unknown buyer',
    { more: '      - { buyer: northwind }' },
    [
      '11:18  campaigns[0].contracts[1].buyer: "northwind" is neither in this file nor in the market; define it under buyers',
    ],
  ],
  [
    'an unknown seller',
    { more: '  - { seller: ZETA9999, category: Solar }' },
    [
      '11:15  campaigns[1].seller: "ZETA9999" is neither in this file nor in the market; define it under sellers',
    ],
  ],
  [
    'a buyer whose id is at fault',
    {
      buyer: ' }\n  - { id: North Wind, name: N, post: { url: https://n.example/, timeoutMs: 500 }',
      more: '      - { buyer: north-wind }',
    },
    [
      '4:11  buyers[1].id: "North Wind" is not a buyer’s id (a-z, 0-9 and single hyphens, at most 64); did you mean north-wind?',
    ],
  ],
  [
    'two unknown buyers, and one whose id is a number',
    {
      buyer: ' }\n  - { id: 5, name: N, post: { url: https://n.example/, timeoutMs: 500 }',
      more: '      - { buyer: foo }\n      - { buyer: bar }',
    },
    [
      '4:11  buyers[1].id: is read as a number; put it in quotes: "5"',
      '12:18  campaigns[0].contracts[1].buyer: "foo" is neither in this file nor in the market; define it under buyers',
      '13:18  campaigns[0].contracts[2].buyer: "bar" is neither in this file nor in the market; define it under buyers',
    ],
  ],
  [
    'one unknown buyer, and one whose id is a number',
    {
      buyer: ' }\n  - { id: 5, name: N, post: { url: https://n.example/, timeoutMs: 500 }',
      more: '      - { buyer: foo }',
    },
    ['4:11  buyers[1].id: is read as a number; put it in quotes: "5"'],
  ],
  [
    'a long text',
    {
      contract:
        ', timezone: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    },
    [
      '10:35  campaigns[0].contracts[0].timezone: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is not an IANA time zone; write it like "America/Chicago"',
    ],
  ],
  [
    'a text of 78',
    {
      contract: ', timezone: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    },
    [
      '10:35  campaigns[0].contracts[0].timezone: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" is not an IANA time zone; write it like "America/Chicago"',
    ],
  ],
  [
    'a text of 79',
    {
      contract: ', timezone: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    },
    [
      '10:35  campaigns[0].contracts[0].timezone: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is not an IANA time zone; write it like "America/Chicago"',
    ],
  ],
  [
    'a map',
    { contract: ', timezone: { a: 1 }' },
    [
      '10:35  campaigns[0].contracts[0].timezone: a map is not an IANA time zone; write it like "America/Chicago"',
    ],
  ],
  [
    'a list',
    { contract: ', timezone: [a]' },
    [
      '10:35  campaigns[0].contracts[0].timezone: a list is not an IANA time zone; write it like "America/Chicago"',
    ],
  ],
  [
    'an address',
    { buyer: ', status: { url: "localhost:4502/x", timeoutMs: 500 }' },
    [
      '3:144  buyers[0].status.url: "localhost:4502/x" begins neither with http:// nor with https://; write it like "http://localhost:4502/x"',
    ],
  ],
  [
    'an address of a host',
    { buyer: ', status: { url: "a.example/x", timeoutMs: 500 }' },
    [
      '3:144  buyers[0].status.url: "a.example/x" begins neither with http:// nor with https://; write it like "https://a.example/x"',
    ],
  ],
  [
    'an address with localhost in it',
    { buyer: ', status: { url: "my-localhost.example/x", timeoutMs: 500 }' },
    [
      '3:144  buyers[0].status.url: "my-localhost.example/x" begins neither with http:// nor with https://; write it like "https://my-localhost.example/x"',
    ],
  ],
  [
    'an empty list',
    { contract: ', states: []' },
    ['10:33  campaigns[0].contracts[0].states: is empty; remove it, or name at least one'],
  ],
  [
    'a word twice',
    { campaign: 'required: [firstName, firstName]' },
    ['8:27  campaigns[0].required[1]: "firstName" is in the list twice; remove one'],
  ],
  [
    'a truth value instead of a text',
    { seller: ' }\n  , { code: ACME1235, slug: b, name: true' },
    ['2:38  sellers[1].name: is read as a boolean; put it in quotes: "true"'],
  ],
  [
    'a slug with spaces',
    { seller: ' }\n  , { code: ACME1235, slug: "A  b", name: B' },
    [
      '2:29  sellers[1].slug: "A  b" is not a slug (a-z, 0-9 and single hyphens, at most 64); did you mean a-b?',
    ],
  ],
  [
    'an unknown key beside a known one',
    { campaign: 'sale: { floor: 5, flour: 6 }' },
    ['8:23  campaigns[0].sale.flour: a sale policy has no key "flour"; did you mean floor?'],
  ],
  [
    'too many durations',
    { campaign: `pending: { retryAfter: [${'1h, '.repeat(101)}] }` },
    ['8:28  campaigns[0].pending.retryAfter: has 101 entries; at most 100 are taken'],
  ],
  [
    'too many sources',
    { seller: `, sources: ${sources(1001)}` },
    ['1:62  sellers[0].sources: has 1001 entries; at most 1000 are taken'],
  ],
  [
    'no sources',
    { seller: ', sources: {}' },
    ['1:62  sellers[0].sources: is empty; remove it, or name at least one'],
  ],
  [
    'a mistyped word',
    { campaign: 'sale: { mode: hybird }' },
    [
      '8:19  campaigns[0].sale.mode: "hybird" is not a sale mode (exclusive, shared, hybrid); did you mean hybrid?',
    ],
  ],
];

const RIGHT: [name: string, terms: Terms][] = [
  ['instantBuy at the floor', { campaign: 'sale: { floor: 10, instantBuy: 10 }' }],
  ['instantBuy alone', { campaign: 'sale: { instantBuy: 1 }' }],
  [
    'an early stage',
    { campaign: 'pending: { retryAfter: [1h], expireAfter: 2h }\n    stages: [{ after: 119m, floor: 1 }]' },
  ],
  [
    'a retention that is long enough',
    { campaign: 'retention: 30d\n    duplicates: { by: [phone], withinDays: 30 }' },
  ],
  ['1000 rounds', { campaign: 'pending: { retryAfter: [1m], expireAfter: 999m }' }],
  ['a contract with a shared price', { more: '      - { buyer: silent, sharedPrice: 5 }' }],
  ['a delay that is reached', { contract: ', delay: 71h' }],
  ['an end after the delay', { contract: ', delay: 2h, until: 3h' }],
  ['a pace', { contract: ', pace: true, caps: { day: 3 }' }],
  ['no pace', { contract: ', pace: false' }],
  ['as many durations as a list takes', { campaign: `pending: { retryAfter: [${'1h, '.repeat(100)}] }` }],
  ['as many sources as a seller takes', { seller: `, sources: ${sources(1000)}` }],
];

describe('A market file is at fault for', () => {
  test.each(FAULTS)('%s', (_, terms, faults) => {
    expect(faultsOf(terms)).toEqual(faults);
  });
});

describe('A market file may have', () => {
  test.each(RIGHT)('%s', (_, terms) => {
    expect(faultsOf(terms)).toEqual([]);
  });
});
