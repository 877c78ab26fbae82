import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { applyMarket, type ApplyOptions } from '../../../src/store/market/apply.js';
import { readTerms } from '../../../src/store/market/readMarket.js';
import { loadTerms } from '../../../src/store/market/storedTerms.js';
import {
  currentVersion,
  findVersion,
  listVersions,
  marketAt,
  marketDifference,
} from '../../../src/store/market/versions.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { isolatedSettings } from '../../support/stack.js';

const MARKET = `
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers: [{ id: northwind, name: Northwind, post: { url: 'https://northwind.example/?token=hush', timeoutMs: 800 } }]
campaigns:
  - seller: ACME1234
    category: Solar
    contracts: [{ buyer: northwind, price: 12.00, caps: { day: 5 } }]
`;
const CAMPAIGN = 'ACME1234/solar';
const CONTRACT = `${CAMPAIGN}/northwind`;
const DANA = { who: 'dana', via: 'api', key: 'key_1' } as const;

const contract = (terms: string): string =>
  `campaigns: [{ seller: ACME1234, category: Solar, contracts: [{ buyer: northwind, ${terms} }] }]`;

describe('A version of the market', () => {
  let database: Database;
  const opened: Database[] = [];

  beforeEach(async () => {
    database = openDatabase(await isolatedSettings());
    opened.push(database);
    await ensureIndexes(database);
  });
  afterAll(async () => {
    for (const { client } of opened) await client.close();
  });

  async function apply(text: string, options: ApplyOptions = {}): Promise<void> {
    const applied = await applyMarket(database, readMarketFile(text), { confirmed: true, ...options });
    if (!('changes' in applied)) throw new Error(JSON.stringify(applied));
  }

  test('has its number, author, time and changed objects', async () => {
    const before = Date.now();
    await apply(MARKET, { by: DANA });
    await apply(contract('price: 13.00'));
    const [second, first, ...others] = await listVersions(database, {}, 10);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ _id: 1, ...DANA });
    expect(first?.at.getTime()).toBeGreaterThanOrEqual(before);
    expect(first?.changes.map(({ kind, id, did }) => `${kind} ${id} ${did}`)).toEqual([
      'seller ACME1234 created',
      'buyer northwind created',
      `campaign ${CAMPAIGN} created`,
      `contract ${CONTRACT} created`,
    ]);
    expect(second).toEqual({
      _id: 2,
      at: expect.any(Date) as Date,
      changes: [{ kind: 'contract', id: CONTRACT, did: 'changed' }],
    });
    expect(await listVersions(database, { of: CAMPAIGN }, 10)).toEqual([first]);
    expect(await listVersions(database, { before: 2 }, 10)).toEqual([first]);
  });

  test('keeps the whole market as it was', async () => {
    const markets = [await readTerms(database)];
    const file = contract('price: 13.00, caps: { day: 9 }');
    for (const text of [MARKET, file, contract('active: false')]) {
      await apply(text);
      markets.push(await readTerms(database));
    }
    await apply('campaigns: [{ seller: ACME1234, category: Solar, contracts: [] }]', { prune: true });
    markets.push(await readTerms(database));
    expect(await Promise.all(markets.map((_, version) => marketAt(database, version)))).toEqual(markets);
    expect(markets.at(-1)?.contracts).toEqual([]);
  });

  test('shows what differs from another, without the tokens in addresses', async () => {
    await apply(MARKET);
    await apply(contract('price: 13.00, caps: { day: null, hour: 2 }'));
    await apply('campaigns: [{ seller: ACME1234, category: Solar, contracts: [] }]', { prune: true });
    const [none, first, second, third] = await Promise.all([0, 1, 2, 3].map((n) => marketAt(database, n)));
    if (!none || !first || !second || !third) throw new Error('A version is missing');
    expect(marketDifference(first, second)).toEqual([
      {
        kind: 'contract',
        id: CONTRACT,
        did: 'changed',
        values: [
          { path: 'caps.day', from: '5', to: undefined },
          { path: 'price', from: '12.00', to: '13.00' },
          { path: 'caps.hour', from: undefined, to: '2' },
        ],
      },
    ]);
    expect(marketDifference(first, first)).toEqual([]);
    expect(marketDifference(second, third)).toMatchObject([{ id: CONTRACT, did: 'removed' }]);
    const created = marketDifference(none, first);
    expect(created.map(({ did }) => did)).toEqual(['created', 'created', 'created', 'created']);
    expect(JSON.stringify(created)).not.toContain('hush');
  });

  test('is not made by an apply that changes nothing, and not by a dry run', async () => {
    await apply(MARKET);
    await apply(MARKET);
    await apply(contract('price: 20.00'), { dryRun: true });
    expect([await currentVersion(database), await database.marketVersions.countDocuments()]).toEqual([1, 1]);
  });

  test('is named by the terms that rounds are planned with', async () => {
    await apply(MARKET);
    expect(await loadTerms(database, CAMPAIGN)).toMatchObject({ marketVersion: 1 });
    await apply(contract('price: 13.00'));
    const terms = await loadTerms(database, CAMPAIGN);
    expect(terms).toMatchObject({ marketVersion: 2, contracts: [{ contract: { price: 1300 } }] });
  });

  test('never mixes the terms of two versions while the market changes', async () => {
    await apply(MARKET);
    const prices = Array.from({ length: 12 }, (_, i) => 20 + i);
    const applying = (async () => {
      for (const price of prices) await apply(contract(`price: ${price}.00`));
    })();
    const read: (readonly [number | undefined, number | undefined])[] = [];
    for (let isOver = false; !isOver;) {
      isOver = await Promise.race([
        applying.then(() => true),
        loadTerms(database, CAMPAIGN).then(() => false),
      ]);
      const terms = await loadTerms(database, CAMPAIGN);
      read.push([terms?.marketVersion, terms?.contracts[0]?.contract.price]);
    }
    for (const [version = 0, price] of read)
      expect(price).toBe((await marketAt(database, version)).contracts[0]?.price);
  });

  test('begins with the market that an earlier release has stored', async () => {
    await apply(MARKET);
    await apply(contract('price: 13.00'));
    await database.marketVersions.deleteMany({});
    await database.marketTerms.deleteMany({});
    const before = await readTerms(database);
    expect(await loadTerms(database, CAMPAIGN)).toMatchObject({ marketVersion: 2 });
    await apply(contract('price: 14.00'), { by: DANA });
    expect(await findVersion(database, 2)).toMatchObject({ whole: true, changes: [] });
    expect(await marketAt(database, 2)).toEqual(before);
    expect(await marketAt(database, 3)).toEqual(await readTerms(database));
  });

  test('is recorded whole after changes by an earlier release', async () => {
    await apply(MARKET);
    await database.contracts.deleteMany({});
    await database.applies.updateOne({ _id: 'market' }, { $inc: { times: 1 } });
    await apply('sellers: [{ code: ACME1234, name: Renamed }]');
    expect((await marketAt(database, 1)).contracts).toHaveLength(1);
    expect((await marketAt(database, 2)).contracts).toEqual([]);
    expect(await marketAt(database, 3)).toEqual(await readTerms(database));
  });
});
