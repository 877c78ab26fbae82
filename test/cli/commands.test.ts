import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { formatUtc } from '../../src/market/calendar/isoTime.js';
import { findKey, inForce } from '../../src/store/keys/apiKeys.js';
import { SCOPE_NAMES } from '../../src/store/scopes.js';
import { startBuyer } from '../support/buyer.js';
import { buyerDocument, sellerDocument } from '../support/market.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { isolatedSettings } from '../support/stack.js';
import { gavel, onStore, type Ran } from './gavel.js';

const FILE = fileURLToPath(new URL('../market/file/market.yaml', import.meta.url));

let settings: Settings;
let database: Database;

beforeAll(async () => {
  settings = await isolatedSettings();
  database = openDatabase(settings);
});

afterAll(async () => {
  await database.db.dropDatabase();
  await database.client.close();
});

const run = (args: string[], input?: string): Promise<Ran> => onStore(settings)(args, input);

describe('gavel', () => {
  test('applies a market file, prints the changes, and changes nothing on a second run', async () => {
    const first = await run(['apply', FILE]);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('are kept until you erase them: set `retention`');
    expect(first.stdout).toContain('+ campaign ACME1234/auto-insurance');
    expect(first.stdout).toContain('    gavel secrets show --buyer northwind\n');
    expect(first.stdout).not.toContain('whsec_');
    const again = await run(['apply', FILE, '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ dry_run: false, changes: { length: 8 } });
    expect(again.stdout).not.toMatch(/whsec_|created|"changed"/);
    expect((await run(['apply', FILE])).stdout).toContain(
      'The market matches the file already; nothing was changed.',
    );
  });

  test('rejects a market file with every fault at its line, and changes nothing', async () => {
    const broken = readFileSync(FILE, 'utf8')
      .replace('price: 12.50', 'price: "12.50"')
      .replace('delay: 15m', 'delya: 15m')
      .replace('name: Fabrikam Agents', 'name: Fabrikam, renamed');
    const refused = await run(['apply', '-'], broken);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.split('\n')).toEqual([
      '-:28:16  campaigns[0].contracts[1].price: is a text; write the number without quotes: 12.50',
      '-:29:9  campaigns[0].contracts[1].delya: a contract has no key "delya"; did you mean delay?',
      '',
      '- has 2 faults; nothing was changed.',
      '',
    ]);
    expect(await database.buyers.distinct('name')).toContain('Fabrikam Agents');
    const asJson = await run(['apply', '-', '--json'], broken);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ faults: [{ line: 28, column: 16 }, { line: 29 }] });
  });

  test('rejects addresses that the settings forbid', async () => {
    const { MONGODB_URL, MONGODB_DATABASE } = settings;
    const env = asEnvironment({ MONGODB_URL, MONGODB_DATABASE, OUTBOUND_ALLOW: '10.1.0.0/16' });
    const market = readFileSync(FILE, 'utf8')
      .replace('http://127.0.0.1:4101/ping', 'https://[::ffff:169.254.169.254]/ping')
      .replace('http://127.0.0.1:4101/post', 'https://10.1.2.3/post');
    const refused = await gavel(['apply', '-'], env, market);
    expect(refused.code).toBe(1);
    expect(refused.stderr.split('\n')).toEqual([
      `-:10:18  buyers[0].ping.url: "https://[::ffff:169.254.169.254]/ping" can't be used: address not allowed: ::ffff:a9fe:a9fe (ipv4Mapped); see OUTBOUND_ALLOW`,
      `-:14:18  buyers[1].post.url: "http://127.0.0.1:4102/post" can't be used: not https; see OUTBOUND_HTTP`,
      '',
      '- has 2 faults; nothing was changed.',
      '',
    ]);
  });

  test('creates a key, lists it without showing it, and revokes it', async () => {
    const made = await run([
      'keys',
      'create',
      '--seller',
      'acme-insurance',
      '--test',
      '--limit',
      '5',
      '--expires',
      '30d',
    ]);
    const key = made.stdout.trim();
    expect(key).toMatch(/^gvl_test_[0-9A-Za-z]{33}$/);
    const stored = await findKey(database, key);
    expect(stored).toMatchObject({ seller: 'ACME1234', test: true, limit: 5 });

    const listed = await run(['keys', 'list', '--seller', 'ACME1234', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      keys: [{ id: stored?._id, status: 'in force', limit: 5 }],
    });
    expect(listed.stdout).not.toContain(stored?.hash);

    expect(await run(['keys', 'revoke', stored?._id ?? ''])).toMatchObject({ code: 0, stderr: '' });
    const after = await findKey(database, key);
    expect(after && inForce(after, new Date())).toBe(false);
    expect((await run(['keys', 'list'])).stdout).toMatch(/test leads +5 +revoked/);
    expect(await run(['keys', 'revoke', key])).toMatchObject({
      code: 1,
      stderr: `${stored?._id ?? ''} is already revoked. Nothing was changed.\n`,
    });
  });

  test('lets a replaced key work until its expiry, beside its replacement', async () => {
    const create = ['keys', 'create', '--seller', 'acme-insurance', '--source', 'landing-page', '--json'];
    const [old, next] = [await run(create), await run(create)].map(
      ({ stdout }) => JSON.parse(stdout) as { id: string },
    );
    const id = old?.id ?? '';
    expect(await run(['keys', 'revoke', id, '--at', '2099-01-31'])).toEqual({
      code: 0,
      stdout: `${id} is valid until 2099-01-31 00:00:00 UTC; requests with it are refused from then on.\n`,
      stderr: '',
    });
    const before = Date.now();
    expect(await run(['keys', 'revoke', id, '--at', '7d'])).toMatchObject({ code: 0, stderr: '' });
    const end = (await database.keys.findOne({ _id: id }))?.expiresAt ?? new Date(0);
    expect((end.getTime() - before) / 86_400_000).toBeCloseTo(7, 2);
    const { stdout } = await run(['keys', 'list']);
    expect(stdout).toMatch(new RegExp(`${id} .* in force .* ${formatUtc(end)}`));
    expect(stdout).toMatch(new RegExp(`${next?.id ?? ''} .* in force .* never`));
    const refused = await run(['keys', 'revoke', id, '--at', 'soon']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Write a date like 2027-01-31 or a duration like 90d.');
    expect(await run(['keys', 'revoke', id])).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['keys', 'list'])).stdout).toMatch(new RegExp(`${id} .* revoked`));
  });

  test('lists a key with every scope in lines that fit a terminal', async () => {
    const made = await run(['keys', 'create', '--admin', 'dana', '--scopes', SCOPE_NAMES.join(',')]);
    expect(made.code).toBe(0);
    const lines = (await run(['keys', 'list'])).stdout.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(180);
    for (const scope of SCOPE_NAMES) expect(lines.join('\n')).toContain(scope);
  });

  test('shows and rotates secrets, which never appear in the audit', async () => {
    const shown = await run(['secrets', 'show', '--buyer', 'northwind']);
    expect(shown).toMatchObject({ code: 0, stderr: 'Signs the requests to northwind.\n' });
    expect(shown.stdout).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
    const rotated = await run(['secrets', 'rotate', '--buyer', 'northwind', '--overlap', '2h', '--json']);
    expect(JSON.parse(rotated.stdout)).toEqual({
      kind: 'buyer',
      id: 'northwind',
      secret: expect.stringMatching(/^whsec_/) as string,
      previous_until: expect.stringMatching(/^\d{4}-/) as string,
    });
    expect(rotated.stdout).not.toContain(shown.stdout.trim());
    expect((await run(['secrets', 'show', '--buyer', 'northwind'])).stderr).toContain(
      'Signs the requests to northwind. The one before it signs too until ',
    );
    const again = await run(['secrets', 'rotate', '--buyer', 'northwind', '--overlap', '1h']);
    expect(again.stderr).toMatch(/The one before it signs too until \S+ .*An older one signs too until \S+ /);
    const ended = await run(['secrets', 'rotate', '--buyer', 'northwind', '--overlap', '0s']);
    expect(ended.stderr).toBe('Signs the requests to northwind.\n');
    expect((await run(['secrets', 'show', '--seller', 'acme-insurance'])).stderr).toBe(
      'Signs the postbacks to ACME1234.\n',
    );
    expect((await run(['secrets', 'rotate', '--seller', 'acme-insurance', '--overlap', '0s'])).code).toBe(0);
    const { entries } = JSON.parse((await run(['audit', 'list', '--json'])).stdout) as {
      entries: object[];
    };
    expect(entries.slice(0, 7)).toMatchObject([
      { kind: 'seller', id: 'ACME1234', did: 'secret rotated' },
      { kind: 'seller', id: 'ACME1234', did: 'secret shown' },
      { kind: 'buyer', id: 'northwind', did: 'secret rotated' },
      { kind: 'buyer', id: 'northwind', did: 'secret rotated' },
      { kind: 'buyer', id: 'northwind', did: 'secret shown' },
      { did: 'secret rotated', changes: [{ path: 'previous.until' }] },
      { did: 'secret shown' },
    ]);
    expect(JSON.stringify(entries)).not.toContain('whsec_');
  });

  test.each([
    [['secrets', 'show'], 1, 'Name the secret’s owner: --buyer ID or --seller CODE.'],
    [['secrets', 'show', '--buyer', 'nobody'], 1, 'The market has no buyer "nobody"'],
    [
      ['secrets', 'rotate', '--buyer', 'northwind', '--overlap', '31d'],
      2,
      'Write a duration like 24h, at most 30d.',
    ],
  ])('%j is rejected with the reason', async (args, code, message) => {
    const refused = await run(args);
    expect(refused).toMatchObject({ code, stdout: '' });
    expect(refused.stderr).toContain(message);
  });

  test('creates no secret without a master key, and changes nothing', async () => {
    const { MONGODB_URL, OUTBOUND_ALLOW, OUTBOUND_HTTP } = settings;
    const other = { MONGODB_URL, MONGODB_DATABASE: `${settings.MONGODB_DATABASE}-other` };
    const refused = await gavel(['apply', FILE], asEnvironment({ ...other, OUTBOUND_ALLOW, OUTBOUND_HTTP }));
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('+ buyer northwind');
    expect(refused.stdout).not.toContain('Applied');
    expect(refused.stderr).toContain('MASTER_KEYS is not set');
  });

  test('tests a buyer’s server, prints the results, and fails if a check failed', async () => {
    const server = await startBuyer();
    try {
      const at = { url: server.url, timeoutMs: 5000 };
      await database.buyers.insertOne({ ...buyerDocument('tried', server), ping: at });
      const { MONGODB_URL, MONGODB_DATABASE, OUTBOUND_ALLOW, OUTBOUND_HTTP } = settings;
      const env = asEnvironment({ MONGODB_URL, MONGODB_DATABASE, OUTBOUND_ALLOW, OUTBOUND_HTTP });
      const well = await gavel(['buyers', 'test', 'tried', '--post'], env);
      expect(well).toMatchObject({ code: 0, stderr: '' });
      expect(well.stdout).toMatch(/^ok +ping: answer +a bid of \$20\.00$/m);
      expect(well.stdout).toMatch(/^warning +ping: wrong signature +answered with HTTP 200; check/m);
      expect(well.stdout).toMatch(/\nSent with ping_id [\w-]+ and post_id [\w-]+\.\n$/);
      server.answer('ping', { body: { price: 20 } });
      const ill = await gavel(['buyers', 'test', 'tried', '--json'], env);
      expect(ill).toMatchObject({ code: 1, stderr: '1 of 4 checks failed.\n' });
      expect(JSON.parse(ill.stdout)).toMatchObject({
        ...{ buyer: 'tried', ok: false },
        checks: [{}, {}, { says: expect.stringContaining('call it "bid"') as string }, {}],
      });
    } finally {
      await server.close();
    }
  });

  test('tests a seller’s postback URLs, and fails if one does not answer with 2xx', async () => {
    const [crm, deaf] = await Promise.all([startBuyer(), startBuyer()]);
    try {
      crm.answer('test', { body: {} });
      deaf.answer('test', { status: 404 });
      const postbacks = [crm.url, deaf.url];
      const seller = { ...sellerDocument('TEST0001', 'told', 'Told'), postbacks };
      await database.sellers.insertOne(seller);
      crm.secret = seller.secret ?? '';
      const { MONGODB_URL, MONGODB_DATABASE, OUTBOUND_ALLOW, OUTBOUND_HTTP } = settings;
      const env = asEnvironment({ MONGODB_URL, MONGODB_DATABASE, OUTBOUND_ALLOW, OUTBOUND_HTTP });
      const ran = await gavel(['postbacks', 'test', '--seller', 'told', '--json'], env);
      expect(ran).toMatchObject({
        code: 1,
        stderr: '1 of 2 tests were not delivered; answer with any 2xx.\n',
      });
      expect(JSON.parse(ran.stdout)).toMatchObject({
        seller: 'TEST0001',
        addresses: [
          { url: crm.url, delivered: true, answer: 'HTTP 200' },
          { url: deaf.url, delivered: false, answer: 'HTTP 404' },
        ],
      });
      expect(crm.of('test')).toMatchObject([{ signed: true, body: { type: 'test' } }]);
    } finally {
      await Promise.all([crm.close(), deaf.close()]);
    }
  });

  test.each([
    [
      ['keys', 'create', '--seller', 'NOBODY00'],
      1,
      'The market has no seller "NOBODY00"; `gavel apply FILE` with one under sellers creates it.',
    ],
    [
      ['leads', 'show', '0198-none'],
      1,
      'There is no lead "0198-none". Use the lead_id of the response to the lead.',
    ],
    [['keys', 'create'], 1, 'Name the key’s owner: --seller CODE, --buyer ID or --admin NAME.'],
  ])('%j ends with %i and a message', async (args, code, message) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).toContain(message);
  });

  test.each([
    ['?nosuch=1', / \(option nosuch is not supported\)/],
    ['?readPreference=hunter3', /MONGODB_URL\. Write/],
  ])('reports an address that the driver can’t use, without its password: %s', async (options, why) => {
    const ran = await gavel(['keys', 'list'], { MONGODB_URL: `mongodb://me:hunter2@127.0.0.1:9/${options}` });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^MongoDB’s driver can't use MONGODB_URL.* Write mongodb:\/\/USER@HOST.*\n$/);
    expect(ran.stderr).toMatch(why);
    expect(ran.stderr).not.toContain('hunter');
  });

  test('names an unreachable database without its password, and the remedy', async () => {
    const ran = await gavel(['keys', 'list'], { MONGODB_URL: 'mongodb://me:hunter2@127.0.0.1:9/' });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(
      /^MongoDB at mongodb:\/\/…@127\.0\.0\.1:9\/ does not answer \(.*\)\. Start it .*MONGODB_URL\.\n$/,
    );
  });
});
