import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { applyMarketText } from '../../src/local/applyMarketText.js';
import { applyDemoMarket, SUPPRESSED } from '../../src/local/demo/demoMarket.js';
import { readMarketFile } from '../../src/market/file/changeMarket.js';
import { marketInFile } from '../../src/market/file/marketInFile.js';
import { applyMarket } from '../../src/store/market/apply.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { matchOf } from '../../src/store/persons/matchKeys.js';
import { readTerms } from '../../src/store/market/readMarket.js';
import { addSuppressions, removeSuppressions } from '../../src/store/persons/suppressions.js';
import { isolatedSettings } from '../support/stack.js';
import { emptyDir } from './helpers.js';

const PAUSED = '{ id: fabrikam, name: Fabrikam Agents, active: false }';

describe('a start with the demo', () => {
  let database: Database;
  let dir: string;
  beforeEach(async () => {
    database = openDatabase(await isolatedSettings());
    onTestFinished(() => database.client.close());
    await ensureIndexes(database);
    dir = emptyDir();
  });

  const market = async () => marketInFile(await readTerms(database));
  const auditSize = () => database.audit.countDocuments();

  it('applies the demo market to an empty database, and changes nothing the second time', async () => {
    expect(await applyDemoMarket(database, dir)).not.toHaveProperty('notApplied');
    const [first, deeds] = [await market(), await auditSize()];
    expect(first.campaigns).toHaveLength(5);
    expect(await applyDemoMarket(database, dir)).not.toHaveProperty('notApplied');
    expect([await market(), await auditSize()]).toEqual([first, deeds]);
  });

  it('applies it to a new database even if the folder has files of an earlier start', async () => {
    await applyDemoMarket(database, dir);
    await database.db.dropDatabase();
    await ensureIndexes(database);
    await applyDemoMarket(database, dir);
    expect((await market()).campaigns).toHaveLength(5);
  });

  it('leaves a changed market unchanged, and names the file to apply', async () => {
    await applyDemoMarket(database, dir);
    const { buyers = [] } = await market();
    const post = buyers.find(({ id }) => id === 'fabrikam')?.post;
    await applyMarketText(
      database,
      'change',
      `buyers: [${PAUSED.replace('}', `, post: ${JSON.stringify(post)} }`)}]`,
    );
    const changed = await market();
    const { notApplied = '' } = await applyDemoMarket(database, dir);
    expect(notApplied).toBe(join(dir, 'demo-market.new.yaml'));
    expect(existsSync(notApplied)).toBe(true);
    expect(await market()).toEqual(changed);
  });

  it('names a command that restores the demo market, and keeps it up to date afterwards', async () => {
    await applyDemoMarket(database, dir);
    const first = await market();
    const change = `
buyers:
  - { id: fabrikam, active: false }
  - { id: woodgrove, balance: 500.00 }
  - { id: tailspin, name: Tailspin Toys, post: { url: 'http://127.0.0.1:4999/post', timeoutMs: 3000 } }
sellers:
  - { code: ACME1234, postback: { url: 'http://127.0.0.1:4998/postbacks' } }
  - { code: BRIGHT01, slug: bright, name: Bright Leads }
campaigns:
  - seller: ACME1234
    category: Auto Insurance
    sale: { mode: shared, maxBuyers: 2, floor: 20.00 }
    contracts:
      - { buyer: northwind, returns: null, states: [TX] }
      - { buyer: tailspin, price: 80.00 }
  - { seller: ACME1234, category: Solar, active: false }
  - { seller: BRIGHT01, category: Solar, contracts: [{ buyer: northwind, price: 20.00 }] }
`;
    const applied = await applyMarket(database, readMarketFile(change), { confirmed: true });
    expect(applied).toHaveProperty('changes');
    const { notApplied = '' } = await applyDemoMarket(database, dir);

    // As the command printed by npm start: apply --replace --prune.
    const file = readMarketFile(readFileSync(notApplied, 'utf8'));
    await applyMarket(database, file, { replace: true, prune: true, confirmed: true });
    const { sellers = [], buyers = [], campaigns = [] } = await market();
    expect({
      sellers: sellers.filter(({ code }) => code !== 'BRIGHT01'),
      buyers: buyers.filter(({ id }) => id !== 'tailspin'),
      campaigns: campaigns.filter(({ seller }) => seller !== 'BRIGHT01'),
    }).toEqual({ sellers: first.sellers, buyers: first.buyers, campaigns: first.campaigns });
    expect(campaigns.filter(({ seller }) => seller === 'BRIGHT01')).toMatchObject([{ active: false }]);

    const after = [await market(), await auditSize()];
    expect(await applyDemoMarket(database, dir)).not.toHaveProperty('notApplied');
    expect([await market(), await auditSize()]).toEqual(after);
  });

  it('leaves additions to the demo market unchanged, without a message', async () => {
    await applyDemoMarket(database, dir);
    const added = 'sellers: [{ code: BRIGHT01, slug: bright, name: Bright Leads }]';
    await applyMarket(database, readMarketFile(added), { confirmed: true });
    const before = await market();
    expect(await applyDemoMarket(database, dir)).not.toHaveProperty('notApplied');
    expect(await market()).toEqual(before);
  });

  it('removes a contract that only the demo market of an earlier release has', async () => {
    const { ports } = await applyDemoMarket(database, dir);
    const first = await market();
    const applied = join(dir, 'demo-market.yaml');
    const earlier = readFileSync(applied, 'utf8').replace(
      'buyer: litware, price: 30.00,',
      'buyer: contoso, price: 30.00,',
    );
    expect(earlier).toContain(`http://127.0.0.1:${ports.litware}/`);
    await applyMarketText(database, 'earlier demo market', earlier, { prune: true });
    writeFileSync(applied, earlier);
    expect(await market()).not.toEqual(first);
    expect(await applyDemoMarket(database, dir)).not.toHaveProperty('notApplied');
    expect(await market()).toEqual(first);
  });

  it('leaves a market without the demo unchanged', async () => {
    await applyMarketText(
      database,
      'market',
      'sellers: [{ code: BRIGHT01, slug: bright, name: Bright Leads }]',
    );
    const before = await market();
    expect(await applyDemoMarket(database, dir)).toHaveProperty('notApplied');
    expect(await market()).toEqual(before);
  });

  it('adds one address to the suppression list, and not again after its removal', async () => {
    await applyDemoMarket(database, dir);
    const match = await matchOf(database, SUPPRESSED);
    expect(await removeSuppressions(database, 'ACME1234', [match])).toBe(1);
    await applyDemoMarket(database, dir);
    expect(await addSuppressions(database, 'ACME1234', [match])).toBe(1);
  });

  it('moves its buyers to free ports, even in a changed market, and leaves other addresses unchanged', async () => {
    const { ports } = await applyDemoMarket(database, dir);
    const other = 'https://fabrikam.example/leads';
    await applyMarketText(
      database,
      'change',
      `buyers: [{ id: fabrikam, name: Fabrikam Agents, post: { url: '${other}', timeoutMs: 3000 } }]`,
    );
    const taken = createServer().listen(ports.northwind, '127.0.0.1');
    onTestFinished(() => void taken.close());
    const moved = await applyDemoMarket(database, dir);
    expect(moved.ports.northwind).not.toBe(ports.northwind);
    const { buyers = [] } = await market();
    expect(Object.fromEntries(buyers.map(({ id, post }) => [id, post?.url]))).toMatchObject({
      northwind: `http://127.0.0.1:${moved.ports.northwind}/post`,
      fabrikam: other,
      contoso: `http://127.0.0.1:${ports.contoso}/post`,
    });
  });
});
