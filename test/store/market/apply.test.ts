import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Market } from '../../../src/market/model/market.js';
import { parseDuration } from '../../../src/market/calendar/duration.js';
import { marketInFile } from '../../../src/market/file/marketInFile.js';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { parseMarket } from '../../support/parseMarket.js';
import { applyMarket, type ApplyOptions } from '../../../src/store/market/apply.js';
import type { Change } from '../../../src/store/market/applyPlan.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { marketTag, readTerms } from '../../../src/store/market/readMarket.js';
import { loadTerms } from '../../../src/store/market/storedTerms.js';
import { secretOf } from '../../support/secretOf.js';
import { isolatedSettings } from '../../support/stack.js';

const FILE = readFileSync(new URL('../../market/file/market.yaml', import.meta.url), 'utf8');

let database: Database;

beforeAll(async () => {
  database = openDatabase(await isolatedSettings());
  await ensureIndexes(database);
});

beforeEach(async () => {
  for (const collection of [database.sellers, database.buyers, database.campaigns, database.contracts]) {
    await collection.deleteMany({});
  }
});

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

function market(text: string): Market {
  const parsed = parseMarket(text);
  if ('market' in parsed) return parsed.market;
  throw new Error(JSON.stringify(parsed.faults));
}

async function apply(text: string, options: ApplyOptions = {}): Promise<Change[]> {
  const applied = await applyMarket(database, readMarketFile(text), { confirmed: true, ...options });
  if ('changes' in applied) return applied.changes;
  throw new Error(JSON.stringify(applied));
}

async function faults(text: string, options: ApplyOptions = {}): Promise<string[]> {
  const applied = await applyMarket(database, readMarketFile(text), options);
  return 'faults' in applied ? applied.faults.map(({ line, message }) => `${line}: ${message}`) : [];
}

/** The whole stored market. */
const stored = async () =>
  Promise.all(
    [database.sellers, database.buyers, database.campaigns, database.contracts].map((collection) =>
      collection.find({}, { sort: { _id: 1 } }).toArray(),
    ),
  );

const without = (text: string, part: string): string => {
  expect(text).toContain(part);
  return text.replace(part, '');
};

const reported = (changes: Change[], ...kinds: Change['change'][]): string[] =>
  changes
    .filter(({ change }) => kinds.includes(change))
    .map(({ change, kind, id }) => `${change} ${kind} ${id}`);

const SOLAR = `  - seller: ACME1234
    category: Solar
    contracts:
      - { buyer: northwind, price: 22.00 }
`;
const FABRIKAM = `      - buyer: fabrikam
        price: 12.50
        delay: 15m
`;

test('A first apply creates the market, with a signing secret for each seller and buyer', async () => {
  const changes = await apply(FILE);
  expect(changes.map(({ change, kind, id }) => `${change} ${kind} ${id}`)).toEqual([
    'created seller ACME1234',
    'created buyer northwind',
    'created buyer fabrikam',
    'created campaign ACME1234/auto-insurance',
    'created campaign ACME1234/solar',
    'created contract ACME1234/auto-insurance/northwind',
    'created contract ACME1234/auto-insurance/fabrikam',
    'created contract ACME1234/solar/northwind',
  ]);
  const secrets = [
    await secretOf(database, 'seller', 'ACME1234'),
    await secretOf(database, 'buyer', 'northwind'),
    await secretOf(database, 'buyer', 'fabrikam'),
  ];
  expect(new Set(secrets).size).toBe(3);
  expect(Buffer.from(secrets[0]?.replace('whsec_', '') ?? '', 'base64')).toHaveLength(32);
  expect(JSON.stringify([changes, await stored(), await database.audit.find().toArray()])).not.toMatch(
    /whsec_/,
  );

  const terms = await loadTerms(database, 'ACME1234/auto-insurance');
  expect(terms?.campaign).toEqual({
    ...market(FILE).campaigns[0],
    categoryKey: 'auto insurance',
  });
  expect(terms?.contracts.map(({ contract }) => contract.price)).toEqual([1250, undefined]);
});

test('A second run changes nothing and reports it', async () => {
  await apply(FILE);
  const before = await stored();
  const changes = await apply(FILE);
  expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(['unchanged']));
  expect(await apply(FILE, { prune: true, replace: true })).toEqual(changes);
  expect(await stored()).toEqual(before);
});

test('A change is reported in the notation of the file, and a buyer keeps its secret', async () => {
  await apply(FILE);
  const secret = await secretOf(database, 'buyer', 'northwind');
  const text = FILE.replace('floor: 10.00', 'floor: 8')
    .replace('delay: 15m', 'delay: null\n        states: [NY]')
    .replace('timeoutMs: 800', 'timeoutMs: 900')
    .replace('[1m, 5m, 30m, 2h, 12h, 24h]', '[90s, 48h]');
  expect((await apply(text)).filter(({ change }) => change !== 'unchanged')).toEqual([
    {
      kind: 'buyer',
      id: 'northwind',
      change: 'changed',
      fields: { 'ping.timeoutMs': { from: '800', to: '900' } },
    },
    {
      kind: 'campaign',
      id: 'ACME1234/auto-insurance',
      change: 'changed',
      fields: {
        'sale.floor': { from: '10.00', to: '8.00' },
        'pending.retryAfter': { from: '[1m, 5m, 30m, 2h, 12h, 24h]', to: '[90s, 48h]' },
      },
    },
    {
      kind: 'contract',
      id: 'ACME1234/auto-insurance/fabrikam',
      change: 'changed',
      fields: { delay: { from: '15m', to: undefined }, states: { from: undefined, to: '[NY]' } },
    },
  ]);
  expect(await secretOf(database, 'buyer', 'northwind')).toBe(secret);
  expect(await database.contracts.findOne({ _id: 'ACME1234/auto-insurance/fabrikam' })).not.toHaveProperty(
    'delay',
  );
});

test('Parts that the file does not name stay unchanged and are reported', async () => {
  await apply(FILE);
  const before = await stored();
  const changes = await apply(without(without(FILE, SOLAR), FABRIKAM));
  expect(reported(changes, 'not_named', 'removed', 'changed')).toEqual([
    'not_named campaign ACME1234/solar',
    'not_named contract ACME1234/auto-insurance/fabrikam',
    'not_named contract ACME1234/solar/northwind',
  ]);
  expect(await stored()).toEqual(before);
});

test('Pruning removes contracts and deactivates campaigns, while leads keep their terms and the books their names', async () => {
  await apply(FILE);
  const small = 'sellers: [{ code: OTHER123, slug: other, name: Other }]';
  const pruned = { prune: true };
  const changes = await apply(small, pruned);
  expect(reported(changes, 'removed', 'deactivated', 'not_named', 'created')).toEqual([
    'created seller OTHER123',
    'not_named seller ACME1234',
    'not_named buyer fabrikam',
    'not_named buyer northwind',
    'deactivated campaign ACME1234/auto-insurance',
    'deactivated campaign ACME1234/solar',
    'removed contract ACME1234/auto-insurance/fabrikam',
    'removed contract ACME1234/auto-insurance/northwind',
    'removed contract ACME1234/solar/northwind',
  ]);
  const terms = await loadTerms(database, 'ACME1234/solar');
  expect(terms).toMatchObject({ campaign: { active: false }, contracts: [] });
  expect(await database.buyers.countDocuments()).toBe(2);

  const before = await stored();
  const again = await apply(small, pruned);
  expect(reported(again, 'removed', 'deactivated', 'created', 'changed')).toEqual([]);
  expect(await stored()).toEqual(before);

  expect(reported(await apply(FILE, { replace: true }), 'created', 'changed')).toEqual([
    'changed campaign ACME1234/auto-insurance',
    'changed campaign ACME1234/solar',
    'created contract ACME1234/auto-insurance/northwind',
    'created contract ACME1234/auto-insurance/fabrikam',
    'created contract ACME1234/solar/northwind',
  ]);
});

test('A dry run reports all changes and makes none', async () => {
  const changes = await apply(FILE, { dryRun: true });
  expect(reported(changes, 'created')).toHaveLength(8);
  expect((await stored()).flat()).toEqual([]);
});

const TYPED = FILE.replace(
  '    sale: { mode: exclusive, floor: 10.00 }',
  `    fields:
      homeowner: { type: boolean, label: Owns the home }
      roof: { type: enum, values: { St. Louis tile: [Tile, $tile], asphalt: [] } }
    sale: { mode: exclusive, floor: 10.00 }`,
).replace(
  'states: [TX, california, fl]',
  'filters: [{ field: homeowner, equals: true }, { field: roof, not: [tile] }]',
);

test('Declared fields are stored, reported when they change, and exported as in the file', async () => {
  await apply(TYPED);
  expect(reported(await apply(TYPED), 'changed', 'created')).toEqual([]);
  const file = marketInFile(await readTerms(database));
  expect(file.campaigns?.[0]).toMatchObject({
    fields: {
      homeowner: { type: 'boolean', label: 'Owns the home' },
      roof: { type: 'enum', values: { 'St. Louis tile': ['Tile', '$tile'], asphalt: [] } },
    },
    contracts: [
      expect.anything(),
      {
        filters: [
          { field: 'homeowner', equals: 'true' },
          { field: 'roof', not: ['tile'] },
        ],
      },
    ],
  });
  expect(reported(await apply(stringify(file)), 'changed', 'created')).toEqual([]);
  expect(
    reported(await apply(stringify(file), { replace: true, prune: true }), 'changed', 'created'),
  ).toEqual([]);
  const changes = await apply(
    TYPED.replace('[Tile, $tile]', '[Tile]')
      .replace('type: boolean', 'type: number')
      .replace('equals: true', 'equals: 1'),
  );
  expect(changes.find(({ change }) => change === 'changed')).toMatchObject({
    id: 'ACME1234/auto-insurance',
    fields: {
      'fields.homeowner.type': { from: 'boolean', to: 'number' },
      'fields.roof.values.St. Louis tile': { from: '[Tile, $tile]', to: '[Tile]' },
    },
  });
});

test('A stored contract that the file does not name must fit the newly declared fields', async () => {
  await apply(TYPED);
  const alone = TYPED.slice(0, TYPED.indexOf('    contracts:')).replace('type: boolean', 'type: list');
  expect(await faults(alone, { confirmed: true })).toEqual([]);
  const without = alone.replace('St. Louis tile: [Tile, $tile]', 'slate: []');
  expect(await faults(without, { replace: true })).toEqual([
    '17: "tile" is not a value of roof; its values are slate, asphalt',
  ]);
  expect(reported(await apply(without), 'changed')).toEqual(['changed campaign ACME1234/auto-insurance']);
});

test('An earlier expiry requires confirmation with the number of waiting leads that it ends', async () => {
  await apply(FILE);
  const lead = (age: string, campaign: string, status: string) => ({
    _id: `${age} ${status} ${campaign}`,
    campaign,
    status,
    receivedAt: new Date(Date.now() - (parseDuration(age) ?? 0)),
  });
  const [auto, solar] = ['ACME1234/auto-insurance', 'ACME1234/solar'];
  await database.db
    .collection<{ _id: string }>('leads')
    .insertMany([
      lead('3h', auto, 'pending'),
      lead('2h', auto, 'pending'),
      lead('10m', auto, 'pending'),
      lead('2h', auto, 'sold'),
      lead('5h', solar, 'pending'),
    ]);
  const warnings = async (expireAfter: string, options: ApplyOptions) => {
    const text = `campaigns: [{ seller: ACME1234, category: Auto Insurance, pending: { expireAfter: ${expireAfter} } }]`;
    const applied = await applyMarket(database, readMarketFile(text), options);
    const plan = 'unconfirmed' in applied ? applied.unconfirmed : applied;
    return 'changes' in plan ? plan.changes.find(({ id }) => id === auto)?.warnings : undefined;
  };
  const sooner = 'ends unsold leads sooner: leads that have waited 1h or longer expire at once';
  expect(await warnings('1h', {})).toEqual([sooner, 'expires 2 waiting leads at once']);
  expect(await warnings('150m', { dryRun: true })).toContain('expires 1 waiting lead at once');
  expect(await warnings('1d', { dryRun: true })).toHaveLength(1);
  expect(await warnings('4d', { dryRun: true })).toBeUndefined();
  expect((await database.campaigns.findOne({ _id: auto }))?.pending.expireAfter).toBe(72 * 3_600_000);
});

test('An amount that becomes ten times as large requires confirmation', async () => {
  await apply(FILE);
  const change = 'campaigns: [{ seller: ACME1234, category: Auto Insurance, sale: { floor: 1000.00 } }]';
  const applied = await applyMarket(database, readMarketFile(change));
  const changes = 'unconfirmed' in applied ? applied.unconfirmed.changes : [];
  expect(changes.flatMap(({ warnings = [] }) => warnings)).toEqual(['multiplies sale.floor by 100']);
});

test('A removed delivery policy reports only keys that differ from the defaults', async () => {
  const delivery = (keys: string) =>
    FILE.replace('price: 12.50', `price: 12.50\n        delivery: { ${keys} }`);
  await apply(delivery('attempts: 7, within: 30s'));
  const [changed] = (await apply(FILE, { replace: true, dryRun: true })).filter(
    ({ change }) => change === 'changed',
  );
  expect(changed).toMatchObject({ id: 'ACME1234/auto-insurance/fabrikam' });
  expect(changed && 'fields' in changed && changed.fields).toEqual({
    'delivery.attempts': { from: '7', to: '4' },
    'delivery.within': { from: '30s', to: '1m' },
  });
  await apply(delivery('attempts: 4'));
  await apply(delivery('attempts: 4, within: 1m'), { replace: true });
  expect(reported(await apply(FILE, { replace: true }), 'changed')).toEqual([]);
});

test('Sellers can swap their slugs', async () => {
  const sellers = (one: string, two: string) =>
    `sellers: [{ code: AAAAAAAA, slug: ${one}, name: A }, { code: BBBBBBBB, slug: ${two}, name: B }]`;
  await apply(sellers('one', 'two'));
  await apply(sellers('two', 'one'));
  expect(await database.sellers.distinct('slug', { _id: 'AAAAAAAA' })).toEqual(['two']);
  expect(await database.sellers.distinct('slug', { _id: 'BBBBBBBB' })).toEqual(['one']);
});

test('A conflict with the stored market is a fault, and nothing is changed', async () => {
  await apply(FILE);
  const before = await stored();
  expect(await faults('sellers: [{ code: OTHER123, slug: acme-insurance, name: Other }]')).toEqual([
    '1: "acme-insurance" is the slug of seller ACME1234; choose another, or change that seller\'s in this file',
  ]);
  expect(
    await faults('campaigns: [{ seller: ACME1234, category: Home, contracts: [{ buyer: nortwind }] }]'),
  ).toEqual(['1: "nortwind" is neither in this file nor in the market; did you mean northwind?']);
  const noPing = 'buyers: [{ id: northwind, ping: null }]';
  expect(await faults(noPing)).toEqual([
    '1: has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping',
  ]);
  expect(await faults(noPing, { prune: true, confirmed: true })).toEqual([]);
  await database.contracts.deleteMany({});
  await apply(FILE);
  expect(await faults('campaigns: [{ seller: ACME1234, category: Solar, currency: EUR }]')).toEqual([
    "1: can't become EUR: contract ACME1234/solar/northwind price is 22.00 USD; name each amount in EUR in this file",
  ]);
  const [sellers, , campaigns] = await stored();
  expect([sellers, campaigns?.map((campaign) => 'currency' in campaign && campaign.currency)]).toEqual([
    before[0],
    ['USD', 'USD'],
  ]);
});

test('A file can refer to the stored market', async () => {
  await apply(FILE);
  const changes = await apply(
    'campaigns: [{ seller: ACME1234, category: Home, contracts: [{ buyer: northwind }] }]',
  );
  expect(reported(changes, 'created')).toEqual([
    'created campaign ACME1234/home',
    'created contract ACME1234/home/northwind',
  ]);
});

test('A buyer that is prepaid again after billing on account keeps its first payment and owes its purchases since', async () => {
  const prepaid = (balance: string) =>
    `buyers: [{ id: again, name: Again, post: { url: "http://127.0.0.1/", timeoutMs: 1000 }${balance} }]`;
  const left = async () => (await database.usage.findOne({ _id: 'buyer:again' }))?.balance;
  await apply(prepaid(', balance: 100.00'));
  expect(await left()).toBe(10_000);
  await apply(prepaid(', balance: null'));
  const sale = { sale: 'on account', currency: 'USD', at: new Date() };
  const bought = { _id: 'on account/buyer:again', account: 'buyer:again', amount: -4500, ...sale };
  // Its payments are not part of its terms.
  expect(market(stringify(marketInFile(await readTerms(database)))).buyers).toHaveLength(1);
  await database.ledger.insertOne({ ...bought, kind: 'sale' });
  await apply(prepaid(''));
  await apply(prepaid(', balance: 100.00'));
  expect(await left()).toBe(5500);
  await apply(prepaid(', balance: 150.00'));
  expect(await left()).toBe(10_500);
  const paid = await database.ledger.find({ account: 'buyer:again', kind: 'top_up' }).toArray();
  expect(paid.map(({ amount }) => amount)).toEqual([10_000, 5000]);
});

test('Of two concurrent changes to the same state of the market, one is made', async () => {
  await apply(FILE);
  const ifTag = marketTag(marketInFile(await readTerms(database)));
  const write = database.client.bulkWrite.bind(database.client);
  let readers = 0;
  const bulkWrite = vi.spyOn(database.client, 'bulkWrite').mockImplementation(async (...args) => {
    readers += 1;
    await expect.poll(() => readers).toBeGreaterThanOrEqual(2);
    return write(...args);
  });
  const change = (i: number) => {
    const seller = `sellers: [{ code: HOOLI00${i}, slug: hooli-${i}, name: Hooli }]`;
    return applyMarket(database, readMarketFile(seller), { ifTag });
  };
  const applied = await Promise.all([change(1), change(2)]).finally(() => bulkWrite.mockRestore());
  expect(applied.map((one) => ('changes' in one ? 'changed' : Object.keys(one)[0])).sort()).toEqual([
    'changed',
    'changedMeanwhile',
  ]);
  expect(await database.sellers.countDocuments({ name: 'Hooli' })).toBe(1);
});

test('Two concurrent applies leave one consistent market', async () => {
  const other = FILE.replace('floor: 10.00', 'floor: 20.00').replace('price: 12.50', 'price: 25.00');
  await Promise.all([apply(FILE), apply(other), apply(FILE)]);
  const terms = await loadTerms(database, 'ACME1234/auto-insurance');
  const price = terms?.contracts.find(({ buyer }) => buyer.id === 'fabrikam')?.contract.price;
  expect([`1000 1250`, `2000 2500`]).toContain(`${terms?.campaign.sale.floor} ${price}`);
});
