import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { applyMarketText } from '../../src/local/applyMarketText.js';
import { applyDemoMarket, SUPPRESSED } from '../../src/local/demo/demoMarket.js';
import { marketInFile } from '../../src/market/file/marketInFile.js';
import { ensureIndexes, openDatabase, type Database } from '../../src/store/db.js';
import { matchOf } from '../../src/store/match.js';
import { readTerms } from '../../src/store/readMarket.js';
import { addSuppressions, removeSuppressions } from '../../src/store/suppressions.js';
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

  it('applies it to a new database beside what an earlier start left in the folder', async () => {
    await applyDemoMarket(database, dir);
    await database.db.dropDatabase();
    await ensureIndexes(database);
    await applyDemoMarket(database, dir);
    expect((await market()).campaigns).toHaveLength(5);
  });

  it('leaves a market that was changed as it is, and names the file to apply', async () => {
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

  it('leaves the market of somebody who never had the demo as it is', async () => {
    await applyMarketText(
      database,
      'market',
      'sellers: [{ code: BRIGHT01, slug: bright, name: Bright Leads }]',
    );
    const before = await market();
    expect(await applyDemoMarket(database, dir)).toHaveProperty('notApplied');
    expect(await market()).toEqual(before);
  });

  it('puts one address on the suppression list, and does not put it there again when it was removed', async () => {
    await applyDemoMarket(database, dir);
    const match = await matchOf(database, SUPPRESSED);
    expect(await removeSuppressions(database, 'ACME1234', [match])).toBe(1);
    await applyDemoMarket(database, dir);
    expect(await addSuppressions(database, 'ACME1234', [match])).toBe(1);
  });

  it('moves its buyers to free ports, also in a market that was changed, and leaves addresses of others alone', async () => {
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
    expect(Object.fromEntries(buyers.map(({ id, post }) => [id, post.url]))).toMatchObject({
      northwind: `http://127.0.0.1:${moved.ports.northwind}/post`,
      fabrikam: other,
      contoso: `http://127.0.0.1:${ports.contoso}/post`,
    });
  });
});
