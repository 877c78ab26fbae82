import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startAdminApi, type RunningApi } from '../../src/api/server.js';
import type { Settings } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { SCOPE_NAMES } from '../../src/store/scopes.js';
import { storeLead, storeMarket } from '../support/market.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { isolatedSettings } from '../support/stack.js';
import { gavel, type Ran } from './gavel.js';

const MARKET = new URL('../market/file/market.yaml', import.meta.url).pathname;

describe('gavel --remote', () => {
  let settings: Settings;
  let database: Database;
  let admin: RunningApi;
  let key: string;
  let ids: { sold: string; pending: string };
  beforeAll(async () => {
    settings = await isolatedSettings({ ADMIN_PORT: 0 });
    database = openDatabase(settings);
    const campaign = await storeMarket(database, {}, { category: 'Boats' });
    admin = await startAdminApi(settings, createLog({ LOG_LEVEL: 'silent' }, 'admin'));
    const owner = { admin: 'ops', scopes: [...SCOPE_NAMES] };
    key = (await createKey(database, { ...owner, test: false, limit: 10_000 })).key;
    ids = {
      sold: (await storeLead(database, campaign, { status: 'sold', price: 4500, buyerIds: ['northwind'] }))
        ._id,
      pending: (await storeLead(database, campaign, { status: 'pending' }))._id,
    };
    await run(['apply', MARKET]);
    await run(['buyers', 'topup', 'northwind', '10', '--ref', 'wire 1']);
  });
  afterAll(async () => {
    await admin.close();
    await database.db.dropDatabase();
    await database.client.close();
  });

  const run = (args: string[], env: Record<string, string> = asEnvironment(settings)): Promise<Ran> =>
    gavel(args, env);

  /** Without addresses of servers, so that every command runs remotely. */
  const afar = (args: string[]): Promise<Ran> =>
    run(['--remote', admin.address, ...args], { GAVEL_ADMIN_KEY: key });

  test.each([
    [['apply', MARKET]],
    [['apply', MARKET, '--prune', '--dry-run', '--json']],
    [['apply', 'package.json']],
    [['apply', MARKET, '--if-match', '0f343b0931126a20f133d67c2b018a3b']],
    [['apply', MARKET, '--if-match', '*']],
    [['market', 'show']],
    [['market', 'show', '--json']],
    [['market', 'show', '--expanded']],
    [['sources', 'try', 'nobody', '--sample', 'package.json']],
    [['sources', 'failed', '--json']],
    [['sources', 'replay', 'nobody']],
    [['secrets', 'list', '--json']],
    [['secrets', 'remove', 'NONE']],
    [['leads', 'list', '--limit', '1']],
    [['leads', 'list', '--phone', '555-123-4567', '--json']],
    [['leads', 'show', 'SOLD']],
    [['leads', 'show', 'SOLD', '--personal', '--json']],
    [['leads', 'show', 'none']],
    [['leads', 'erase', 'none']],
    [['leads', 'erase', '--phone', '555-123-4567', '--dry-run']],
    [['keys', 'list']],
    [['keys', 'revoke', 'none']],
    [['keys', 'create', '--seller', 'NOBODY00']],
    [['buyers', 'list']],
    [['buyers', 'test', 'nobody']],
    [['buyers', 'topup', 'fabrikam', '5', '--ref', 'wire 1']],
    [['buyers', 'topup', 'northwind', '5']],
    [['buyers', 'topup', 'northwind', '10', '--ref', 'wire 1']],
    [['statement', '--seller', 'acme-insurance']],
    [['statement', '--house', '--csv']],
    [['books', 'check', '--json']],
    [['suppressions', 'list']],
    [['campaigns', 'specs', 'ACME1234/none']],
    [['postbacks', 'test', '--seller', 'acme-insurance']],
    [['simulate', '--since', '2100-01-01', '--change', MARKET]],
    [['audit', 'list', '--of', 'fabrikam']],
  ])('prints the same as locally: %j', async (args) => {
    const named = args.map((word) => (word === 'SOLD' ? ids.sold : word));
    const here = await run(named);
    const there = await afar(named);
    expect(there).toEqual(here);
    expect(here.stdout + here.stderr).not.toBe('');
  });

  test('changes only the market that was shown', async () => {
    const { stdout } = await afar(['market', 'show']);
    const [, etag = ''] = /^# ETag (\w+)$/m.exec(stdout) ?? [];
    const ran = await afar(['apply', MARKET, '--if-match', etag]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('unchanged');
  });

  test('acts in the name of its key', async () => {
    expect(await afar(['leads', 'withdraw', ids.pending])).toEqual({
      code: 0,
      stdout: `Lead ${ids.pending} is withdrawn.\n`,
      stderr: '',
    });
    const made = await afar(['keys', 'create', '--admin', 'erin', '--scopes', 'leads:read,audit:read']);
    expect(made).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('opens the admin API to erin') as string,
    });
    expect((await afar(['leads', 'erase', ids.pending])).stdout).toMatch(/ erased .* ops /);
    expect((await run(['audit', 'list', '--of', 'alfa'])).stdout).toBe(
      'The audit has nothing about "alfa". Name a lead, contract, campaign, buyer, seller or key by its whole id.\n',
    );
    const { stdout } = await run(['audit', 'list', '--limit', '3']);
    expect(stdout).toMatch(/ops \(api\) +lead \S+ +erased/);
    expect(stdout).toMatch(/ops \(api\) +key \S+ +created +admin: erin/);
    expect(stdout).toMatch(/ops \(api\) +lead \S+ +withdrawal asked for +status: pending → withdrawn/);
  });

  test('waits if its key has reached its rate limit, and continues', async () => {
    let asked = 0;
    const busy = createServer((_request, response) => {
      asked += 1;
      const refusal = { error: 'Rate limit exceeded', message: 'This key may send 5 requests per minute.' };
      const headers = asked === 1 ? { 'x-ratelimit-limit': '5', 'retry-after': '1' } : {};
      response.writeHead(asked === 1 ? 429 : 200, headers);
      response.end(JSON.stringify(asked === 1 ? refusal : { keys: [] }));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void busy.close());
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const ran = await run(['--remote', url, 'keys', 'list', '--json'], { GAVEL_ADMIN_KEY: key });
    expect(ran).toMatchObject({
      code: 0,
      stderr: 'This key may send 5 requests per minute. Waiting 1 s …\n',
    });
    expect(asked).toBe(2);
  });

  test('gets an error that names the missing scope', async () => {
    const { key: weak } = await createKey(database, { admin: 'erin', scopes: ['leads:read'], test: false });
    const ran = await run(['--remote', admin.address, 'keys', 'list'], { GAVEL_ADMIN_KEY: weak });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('The key lacks the scope keys:read; it has leads:read.');
  });

  test.each([
    [['backup', 'x'], '`gavel backup` can’t be done by --remote: a backup has every lead'],
    [['restore', 'x'], '`gavel restore` can’t be done by --remote: it replaces the whole database'],
    [['keys', 'rotate-master'], '`gavel keys rotate-master` can’t be done by --remote: it needs the old and'],
    [['worker'], '`gavel worker` can’t be done by --remote: it runs here'],
  ])('rejects commands that work only on the servers: %j', async (args, message) => {
    const ran = await afar(args);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(message);
  });

  test.each([
    ['http://admin.example', { GAVEL_ADMIN_KEY: 'KEY' }, '--remote takes an https address'],
    ['http://127.0.0.1:9', { GAVEL_ADMIN_KEY: 'KEY' }, 'The admin API at http://127.0.0.1:9 does not answer'],
    ['http://127.0.0.1:9', {}, 'GAVEL_ADMIN_KEY is not set'],
    ['http://127.0.0.1:9', { GAVEL_ADMIN_KEY: 'gvl_live_x' }, 'GAVEL_ADMIN_KEY is malformed'],
  ])('reports the fault of %s and %j', async (url, env, message) => {
    const given = Object.entries(env).map(([name, value]) => [name, value === 'KEY' ? key : value] as const);
    const ran = await run(['--remote', url, 'keys', 'list'], Object.fromEntries(given));
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(message);
  });
});
