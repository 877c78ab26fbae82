import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/config.js';
import { readMarketFile } from '../../../../src/market/file/changeMarket.js';
import { applyMarket } from '../../../../src/store/market/apply.js';
import { openDatabase, type Database } from '../../../../src/store/db.js';
import { isolatedSettings } from '../../../support/stack.js';
import { onStore, type Ran } from '../../gavel.js';

const MARKET = `
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
buyers: [{ id: northwind, name: Northwind, post: { url: 'https://northwind.example/?token=hush', timeoutMs: 800 } }]
campaigns: [{ seller: ACME1234, category: Solar, contracts: [{ buyer: northwind, price: 12.00 }] }]
`;
const CONTRACT = 'ACME1234/solar/northwind';

describe('gavel market', () => {
  let settings: Settings;
  let database: Database;

  beforeAll(async () => {
    settings = await isolatedSettings();
    database = openDatabase(settings);
    const by = { who: 'dana', via: 'api', key: 'key_1' } as const;
    for (const text of [MARKET, MARKET.replace('12.00', '13.00'), MARKET.replace('Acme', 'Acme Leads')])
      await applyMarket(database, readMarketFile(text), { by, confirmed: true });
  });
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.client.close();
  });

  const market = (...args: string[]): Promise<Ran> => onStore(settings)(['market', ...args]);

  test('lists the versions with author and changes, newest first', async () => {
    const { code, stdout } = await market('versions');
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/\d{4}-.* UTC/, 'TIME').split(/ {2,}/));
    expect([code, ...rows]).toEqual([
      0,
      ['version', 'when', 'who', 'changed'],
      ['3', 'TIME', 'dana (api)', 'seller ACME1234 changed and 1 more'],
      ['2', 'TIME', 'dana (api)', `contract ${CONTRACT} changed`],
      ['1', 'TIME', 'dana (api)', 'seller ACME1234 created and 3 more'],
    ]);
  });

  test('lists those of one object as JSON', async () => {
    const { stdout } = await market('versions', '--of', CONTRACT, '--limit', '1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      versions: [{ version: 3, who: 'dana', via: 'api', key_id: 'key_1', count: 2 }],
      more: true,
    });
  });

  test('prints what a version changed, or what changed since another', async () => {
    const one = await market('diff', '2');
    expect(one.stdout.split('\n').slice(1)).toEqual([
      `~ contract ${CONTRACT}`,
      '    price: 12.00 → 13.00',
      '',
    ]);
    const both = await market('diff', '3', '--since', '1');
    expect(both.stdout.split('\n').slice(1)).toEqual([
      '~ seller ACME1234',
      '    name: Acme → Acme Leads',
      '',
    ]);
    const first = await market('diff', '1');
    expect(first.stdout).toContain('+ buyer northwind');
    expect(first.stdout).not.toContain('hush');
  });

  test('prints the market of a version as a file', async () => {
    const [old, current] = [await market('show', '--at', '2'), await market('show')];
    expect(old.stdout).toContain('price: 13');
    expect(current.stdout).toContain('price: 12');
    expect((await market('show', '--at', '3')).stdout).toBe(current.stdout);
  });

  test('says that a version is not recorded', async () => {
    const { code, stderr } = await market('show', '--at', '9');
    expect([code, stderr]).toEqual([1, expect.stringContaining('No version 9 of the market is recorded.')]);
  });
});
