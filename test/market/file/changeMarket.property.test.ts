import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { campaignId, type Market } from '../../../src/market/model/market.js';
import { changeMarket, EMPTY, readMarketFile, type Changing } from '../../../src/market/file/changeMarket.js';
import { marketInFile } from '../../../src/market/file/marketInFile.js';
import { parseChange } from '../../../src/market/file/parseChange.js';
import { parseMarket } from '../../support/parseMarket.js';
import { readPage } from '../../docs/page.js';

function marketOf(text: string): Market {
  const parsed = parseMarket(text);
  if ('market' in parsed) return parsed.market;
  throw new Error(JSON.stringify(parsed.faults));
}

const EXAMPLES = readPage('docs/market-file.md').codes.filter(({ lang }) => lang === 'yaml');
const FILE = readFileSync(new URL('market.yaml', import.meta.url), 'utf8');
const PREPAID = FILE.replace(
  'name: Northwind Mutual',
  `name: Northwind Mutual
    balance: 100.00
    lowBalance: 20.00
    notices: { url: 'https://northwind.example/notices', events: [low_balance] }`,
).replace(
  'delay: 15m',
  'delay: 15m\n        schedule: { timezone: America/Chicago, open: ["Mon-Fri 08:00-20:00"] }',
);
const MARKETS = fc.constantFrom(...[FILE, PREPAID, ...EXAMPLES.map(({ text }) => text)].map(marketOf));

const DUPLICATES = { by: ['phone'], withinDays: 3 };
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const part = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });

const SELLER_KEYS = part({
  name: fc.constantFrom('Acme', 'Acme Leads'),
  active: optional(fc.boolean()),
  postback: optional(fc.constant({ url: 'https://acme.example/postback' })),
});
const BUYER_KEYS = part({
  name: fc.constantFrom('One', 'Two'),
  active: optional(fc.boolean()),
  ping: optional(
    part({ url: fc.constant('https://new.example/ping'), timeoutMs: fc.constantFrom(100, 900) }),
  ),
  post: part({ timeoutMs: fc.constantFrom(1000, 2000) }),
  balance: optional(fc.constantFrom(0, 100, 250.5)),
  lowBalance: fc.constant(null),
});
const CAMPAIGN_KEYS = part({
  active: optional(fc.boolean()),
  required: optional(fc.constantFrom([], ['phone'])),
  sale: optional(
    fc.oneof(
      part({
        floor: optional(fc.constantFrom(0, 12.5)),
        award: fc.constantFrom('roundRobin', 'highestBid'),
      }),
      fc.constantFrom<object[]>(
        { mode: 'exclusive' },
        { mode: 'shared', maxBuyers: 3 },
        { mode: 'hybrid', maxBuyers: 2, sharedFloor: 4 },
        { sharedFloor: 4 },
      ),
    ),
  ),
  margin: optional(fc.constantFrom<object[]>({ percent: 5 }, { fixed: 1 }, { percent: null, fixed: 2 })),
  duplicates: optional(fc.constantFrom<object[]>(DUPLICATES, { per: 'buyer' })),
  pending: optional(part({ expireAfter: fc.constantFrom('36h', '5d'), retryAfter: fc.constant(['1h']) })),
  retention: optional(fc.constantFrom('30d', '90d')),
  stages: optional(fc.constant([{ after: '2h', mode: 'shared', maxBuyers: 4 }])),
});
const CONTRACT_KEYS = part({
  active: optional(fc.boolean()),
  tier: optional(fc.constantFrom(1, 2)),
  states: optional(fc.constantFrom(['TX'], ['TX', 'CA', 'FL', 'NY'])),
  price: optional(fc.constantFrom(3, 12.5)),
  floor: optional(fc.constantFrom(1, 2)),
  delay: optional(fc.constantFrom('5m', '1h')),
  caps: optional(part({ day: optional(fc.constantFrom(5, 50)), hour: optional(fc.constant(7)) })),
  budget: optional(part({ day: optional(fc.constant(100)) })),
  schedule: optional(
    part({ timezone: fc.constantFrom('UTC', 'America/New_York'), open: fc.constant(['Sat 09:00-17:00']) }),
  ),
  duplicates: optional(fc.constant(DUPLICATES)),
  filters: optional(fc.constant([{ field: 'zip', startsWith: ['75'] }])),
});

/** A part of the market with changed values, omitted entries and keys, and new ones. */
const changeOf = ({ sellers, buyers, campaigns, contracts }: Market): fc.Arbitrary<object> => {
  const named = (names: object[], keys: fc.Arbitrary<object>): fc.Arbitrary<[object, object][]> =>
    names.length === 0
      ? fc.constant([])
      : fc.uniqueArray(fc.tuple(fc.constantFrom(...names), keys), {
          selector: ([name]) => JSON.stringify(name),
          maxLength: 2,
        });
  const asEntries = (list: [object, object][]) => list.map(([name, keys]) => ({ ...name, ...keys }));
  return fc
    .record({
      sellers: named(
        sellers.map(({ code }) => ({ code })),
        SELLER_KEYS,
      ),
      buyers: named([...buyers.map(({ id }) => ({ id })), { id: 'unknown' }], BUYER_KEYS),
      campaigns: named(
        [
          ...campaigns.map(({ seller, category }) => ({ seller, category })),
          ...(sellers[0] ? [{ seller: sellers[0].code, category: 'Boats' }] : []),
        ],
        CAMPAIGN_KEYS,
      ),
      contracts: named(
        [...contracts.map(({ campaign, buyer }) => ({ campaign, buyer })), { campaign: 'none', buyer: 'x' }],
        CONTRACT_KEYS,
      ),
    })
    .map(({ contracts: own, ...lists }) => ({
      sellers: asEntries(lists.sellers),
      buyers: asEntries(lists.buyers),
      campaigns: asEntries(lists.campaigns).map((campaign) => {
        const { seller, category } = campaign as { seller: string; category: string };
        const id = campaignId(seller, category);
        const those = asEntries(own).flatMap(({ campaign: of, ...contract }: { campaign?: string }) =>
          of === id ? [contract] : [],
        );
        return { ...campaign, contracts: those };
      }),
    }));
};

const CASES = MARKETS.chain((market) => fc.tuple(fc.constant(market), changeOf(market)));

const applied = (text: string, market: Market, how: Changing = {}) => {
  const result = changeMarket(readMarketFile(text), market, how);
  return 'changed' in result ? result.changed.terms : undefined;
};

type Leaves = Map<string, unknown>;

/** Every scalar and list of a market file by its path, with entries by name. */
function leavesOf(value: unknown, path = ''): Leaves {
  const found: Leaves = new Map();
  const walk = (one: unknown, at: string): void => {
    const isEntries = /(^|\/)(sellers|buyers|campaigns|contracts)$/.test(at);
    if (Array.isArray(one) && isEntries) {
      for (const item of one) walk(item, `${at}/${nameOf(item) ?? ''}`);
    } else if (typeof one === 'object' && one !== null && !Array.isArray(one)) {
      for (const [key, item] of Object.entries(one)) walk(item, `${at}/${key}`);
    } else found.set(at, one);
  };
  walk(value, path);
  return found;
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { code, id, seller, category, buyer } = entry as Record<string, string>;
  return seller !== undefined && category !== undefined
    ? campaignId(seller, category)
    : (code ?? id ?? buyer);
}

/** Whether the change names the path or a parent of it. */
const names = (change: Leaves, path: string): boolean =>
  [...change.keys()].some((named) => path === named || path.startsWith(`${named}/`));

/** Changes that follow from a named change, by the rules in docs/market-file.md. */
const FOLLOWS: [path: RegExp, from: string][] = [
  [/\/sale\/(maxBuyers|sharedFloor)$/, '/sale/mode'],
  [/\/margin\/.*$/, '/margin/percent'],
  [/\/margin\/.*$/, '/margin/fixed'],
  [/\/(lowBalance|currency|notices\/.*)$/, '/balance'],
  [/\/notices\/.*$/, '/lowBalance'],
  [/\/timezone$/, '/schedule/timezone'],
  [/\/timezone$/, '/schedule'],
];
const follows = (change: Leaves, path: string): boolean =>
  FOLLOWS.some(([pattern, from]) => pattern.test(path) && change.has(path.replace(pattern, from)));

describe('For any market and any change', () => {
  test('simulate and apply produce the same market or the same faults', () => {
    let [made, refused] = [0, 0];
    fc.assert(
      fc.property(CASES, ([market, change]) => {
        const text = stringify(change);
        const simulated = parseChange(text, market);
        const result = changeMarket(readMarketFile(text), market);
        if ('changed' in simulated) {
          made += 1;
          expect('changed' in result && result.changed.terms).toEqual(simulated.changed.terms);
        } else if ('faults' in result) {
          refused += 1;
          expect(simulated.faults).toEqual(expect.arrayContaining(result.faults));
        }
      }),
      { numRuns: 300 },
    );
    expect(Math.min(made, refused)).toBeGreaterThan(20);
  });

  test('applying it a second time changes nothing, also with --replace or --prune', () => {
    const ways = fc.constantFrom<Changing[]>(
      {},
      { replace: true },
      { prune: true },
      { replace: true, prune: true },
    );
    fc.assert(
      fc.property(CASES, ways, ([market, change], how) => {
        const text = stringify(change);
        const once = applied(text, market, how);
        if (once) expect(applied(text, once, how)).toEqual(once);
      }),
      { numRuns: 100 },
    );
  });

  test('parts that it does not name stay the same', () => {
    fc.assert(
      fc.property(CASES, ([market, change]) => {
        const after = applied(stringify(change), market);
        if (!after) return;
        const [was, now, named] = [marketInFile(market), marketInFile(after), change].map((one) =>
          leavesOf(one),
        );
        if (!was || !now || !named) throw new Error('There are three of them');
        for (const [path, value] of was)
          if (!names(named, path) && !follows(named, path))
            expect([path, now.get(path)]).toEqual([path, value]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('For any market', () => {
  test('its own file changes nothing with any options', () => {
    fc.assert(
      fc.property(MARKETS, (market) => {
        const own = stringify(marketInFile(market));
        for (const how of [{}, { replace: true }, { prune: true }, { replace: true, prune: true }])
          expect(applied(own, market, how)).toEqual(market);
        expect(applied(own, EMPTY)).toEqual(market);
      }),
    );
  });
});
