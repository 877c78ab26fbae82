import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { MongoClient, type Db, type Document } from 'mongodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pickSettings } from '../../src/config.js';
import { packageRoot } from '../../src/packageRoot.js';
import { startServers } from '../../src/local/servers/servers.js';
import { gavel } from '../cli/gavel.js';
import { openDatabase } from '../../src/store/db.js';
import { eraseLead } from '../../src/store/persons/erase.js';
import { readMasterKeys } from '../../src/store/masterKeys.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { storeLead, storeMarket } from '../support/market.js';
import { compiledGavel, isolatedSettings } from '../support/stack.js';
import { emptyDataDir, emptyDir } from './helpers.js';

const deployed = (path: string): string => join(packageRoot, 'deploy', path);

describe('deploy/secrets.sh', () => {
  test('creates each secret once, readable only by its owner, in a format that Gavel accepts', () => {
    const dir = emptyDir();
    const secrets = join(dir, 'secrets');
    cpSync(deployed('secrets.sh'), join(dir, 'secrets.sh'));
    const run = () => spawnSync('sh', [join(dir, 'secrets.sh')], { encoding: 'utf8' });
    const read = () => readdirSync(secrets).map((name) => [name, readFileSync(join(secrets, name), 'utf8')]);

    expect(run()).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    const made = read();
    expect(new Set(made.map(([, value]) => value)).size).toBe(8);
    expect(run()).toMatchObject({ status: 0, stdout: '' });
    expect(read()).toEqual(made);

    const env = {
      MONGODB_URL: 'mongodb://gavel@mongodb:27017/?authSource=admin',
      MONGODB_PASSWORD_FILE: join(secrets, 'mongodb_password'),
      MASTER_KEYS_FILE: join(secrets, 'master_keys'),
    };
    const { MONGODB_URL } = pickSettings(['MONGODB_URL', 'MASTER_KEYS'], env, {});
    expect(MONGODB_URL).toMatch(/^mongodb:\/\/gavel:[0-9a-f]{48}@mongodb/);
    // MongoDB accepts from 6 to 1024 characters.
    expect(readFileSync(join(secrets, 'mongodb_member_key'), 'utf8')).toMatch(/^[A-Za-z0-9+/=]{1008}\n$/);
  });
});

/** A database with authentication and an administrator `root`; the address is a template for a user. */
async function databaseWithPasswords(): Promise<(user: string) => string> {
  const servers = await startServers({
    dir: emptyDataDir(),
    env: { PATH: process.env.PATH },
    need: ['mongodb'],
  });
  const { host } = new URL(servers.addresses.MONGODB_URL ?? '');
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`);
  await client.db('admin').command({ createUser: 'root', pwd: 'root-1', roles: ['root'] });
  await client.close();
  const [program = '', ...args] = servers.processes.parts[0]?.child.spawnargs ?? [];
  await servers.stop();
  const PYTHONPATH = dirname(dirname(args[0] ?? ''));
  const server = spawn(program, [...args, '--auth'], {
    env: { ...process.env, PYTHONPATH },
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await once(server, 'exit');
  });
  return (user) => `mongodb://${user}@${host}/?authSource=admin&retryWrites=false`;
}

/** Runs a mongosh script; mongosh awaits each server call itself. */
async function mongosh(script: string, { url, secrets }: { url: string; secrets: string }): Promise<void> {
  const clients: MongoClient[] = [];
  const onServer = (db: Db) => ({ adminCommand: (command: Document) => db.admin().command(command) });
  const sandbox = createContext({
    connect: async () => {
      const client = new MongoClient(url, { serverSelectionTimeoutMS: 20_000 });
      clients.push(client);
      return onServer((await client.connect()).db());
    },
    require: () => ({
      readFileSync: (path: string) => readFileSync(path.replace('/run/secrets', secrets), 'utf8'),
    }),
    load: (path: string) => run(path.replace('/etc/gavel', deployed('mongodb'))),
    print: () => undefined,
    db: undefined,
  });
  const run = (path: string): Promise<void> => {
    const waiting = readFileSync(path, 'utf8')
      .replace(/^function /gm, 'async function ')
      .replace(
        /(?<!function )\b(load|connect|connectAsRoot|createOrUpdate|db\.adminCommand)\(/g,
        'await $1(',
      );
    return runInContext(`(async () => { ${waiting} })()`, sandbox) as Promise<void>;
  };
  try {
    await run(script);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

test('The MongoDB users have exactly the permissions of the documented commands', async () => {
  const urlOf = await databaseWithPasswords();
  const secrets = emptyDir();
  const write = (name: string, value: string): void =>
    writeFileSync(join(secrets, `mongodb_${name}`), `${value}\n`);
  write('root_password', 'root-1');
  for (const name of ['password', 'backup_password', 'trial_password']) write(name, `${name}-1`);
  const makeUsers = () => mongosh(deployed('mongodb/users.js'), { url: urlOf('root:root-1'), secrets });
  await makeUsers();

  const as = (user: string, password: string, database = 'gavel') => {
    const env = {
      MONGODB_URL: urlOf(`${user}:${password}`),
      MONGODB_DATABASE: database,
      MASTER_KEYS: `a:${Buffer.alloc(32).toString('base64')}`,
    };
    return { env, run: (...args: string[]) => gavel(args, env) };
  };
  const everyday = as('gavel', 'password-1');
  const market = join(emptyDir(), 'market.yaml');
  writeFileSync(market, 'sellers:\n  - { code: ACME1234, slug: acme, name: Acme }\n');
  expect(await everyday.run('apply', market)).toMatchObject({ code: 0 });
  expect(await everyday.run('keys', 'create', '--seller', 'ACME1234')).toMatchObject({ code: 0 });

  // As in the service `backup`.
  const backups = emptyDir();
  const backingUp = as('gavel-backup', 'backup_password-1');
  const [program = ''] = compiledGavel();
  const backedUp = spawnSync('sh', [deployed('backup/backup.sh'), 'once'], {
    env: { ...process.env, ...backingUp.env, MASTER_KEYS: '', GAVEL: program, BACKUP_DIR: backups },
    encoding: 'utf8',
  });
  expect(backedUp).toMatchObject({ status: 0 });
  expect(backedUp.stderr).not.toContain('could not be stored');
  expect(existsSync(join(backups, 'erasures.jsonl'))).toBe(true);
  const made = join(backups, readdirSync(backups).find((name) => name.startsWith('20')) ?? '');
  const refused = { code: 1, stderr: expect.stringContaining('refuses the user name or password') as string };
  expect(await backingUp.run('keys', 'create', '--seller', 'ACME1234')).toMatchObject(refused);

  const trial = as('gavel-trial', 'trial_password-1', 'trial');
  expect(await trial.run('restore', made)).toMatchObject({ code: 0 });
  expect(await trial.run('books', 'check')).toMatchObject({ code: 0 });
  expect(await trial.run('restore', '--replace', made)).toMatchObject({ code: 0 });
  expect(await as('gavel-trial', 'trial_password-1').run('restore', '--replace', made)).toMatchObject(
    refused,
  );

  // A new password.
  write('password', 'password-2');
  await makeUsers();
  expect(await everyday.run('keys', 'list')).toMatchObject(refused);
  expect(await as('gavel', 'password-2').run('keys', 'list')).toMatchObject({ code: 0 });
}, 120_000);

test('The backup service keeps old backups while new ones fail', () => {
  const backups = emptyDir();
  mkdirSync(join(backups, '2020-01-01T00-00-00Z'));
  writeFileSync(join(backups, '2020-01-01T00-00-00Z', 'leads.bson.gz'), '');
  const [program = ''] = compiledGavel();
  const env = { ...process.env, GAVEL: program, BACKUP_DIR: backups, MONGODB_URL: 'mongodb://127.0.0.1:1' };
  const ran = spawnSync('sh', [deployed('backup/backup.sh'), 'once'], { env, encoding: 'utf8' });
  expect(ran.status).not.toBe(0);
  expect(ran.stderr).toContain('does not answer');
  expect(readdirSync(backups)).toContain('2020-01-01T00-00-00Z');
});

test('The backup service keeps old backups and erasures when the database has lost its data', async () => {
  const settings = await isolatedSettings();
  const database = openDatabase(settings);
  onTestFinished(() => database.client.close());
  const erased = await storeLead(database, await storeMarket(database, {}), { status: 'expired' });
  await eraseLead(database, erased._id, { by: 'dana' });
  const backups = emptyDir();
  const old = join(backups, '2020-01-01T00-00-00Z');
  mkdirSync(old);
  const collections = [{ name: 'leads', documents: 5000, sha256: '' }];
  const manifest = { format: 'gavel-1', database: 'gavel', at: '2020-01-01T00:00:00Z', masterKeys: [] };
  writeFileSync(join(old, 'manifest.json'), JSON.stringify({ ...manifest, collections }));
  const list = join(backups, 'erasures.jsonl');
  const before = '{"lead_id":"lost","erased_at":"2026-11-24T14:33:05.000Z","by":"dana"}';
  writeFileSync(list, `${before}\n`);
  const [program = ''] = compiledGavel();
  const env = { ...process.env, ...asEnvironment(settings), GAVEL: program, BACKUP_DIR: backups };
  const backUp = () => spawnSync('sh', [deployed('backup/backup.sh'), 'once'], { env, encoding: 'utf8' });
  const ran = backUp();
  expect(ran).toMatchObject({ status: 0 });
  expect(ran.stderr).toContain('No older backup was removed: 2020-01-01T00-00-00Z has 5000 documents');
  expect(readdirSync(backups)).toContain('2020-01-01T00-00-00Z');
  const both = readFileSync(list, 'utf8').trim().split('\n');
  expect(both).toHaveLength(2);
  expect(both).toEqual(expect.arrayContaining([before, expect.stringContaining(erased._id)]));
  await database.leads.deleteMany({});
  // A backup is named by its second.
  const taken = readdirSync(backups);
  await expect.poll(() => taken.some((name) => name.startsWith(thisSecond()))).toBe(false);
  expect(backUp()).toMatchObject({ status: 0 });
  expect(readFileSync(list, 'utf8').trim().split('\n')).toEqual(both);
}, 60_000);

const thisSecond = (): string => new Date().toISOString().slice(0, 19).replaceAll(':', '-');

test.each(['0', '0.5', '24h', '08', '48', '-1'])(
  'A schedule of %s hours is refused before any backup',
  (hours) => {
    const backups = emptyDir();
    const [program = ''] = compiledGavel();
    const env = { ...process.env, GAVEL: program, BACKUP_DIR: backups, BACKUP_EVERY_HOURS: hours };
    const ran = spawnSync('sh', [deployed('backup/backup.sh')], { env, encoding: 'utf8', timeout: 10_000 });
    expect(ran.status).toBe(2);
    expect(ran.stderr).toBe(`BACKUP_EVERY_HOURS must be a whole number from 1 to 24, not "${hours}".\n`);
    expect(readdirSync(backups)).toEqual([]);
  },
);

test('The documented commands change the master key so that every process can always read the data of the others', () => {
  const page = readFileSync(join(packageRoot, 'docs/backup.md'), 'utf8');
  const section = page.slice(page.indexOf('## The master keys'), page.indexOf('## Erased persons'));
  const commands = [...section.matchAll(/```sh\n(.*?)```/gs)]
    .map(([, text = '']) => text)
    .filter((text) => text.includes('deploy/secrets/new'));
  const dir = emptyDir();
  const file = join(dir, 'deploy/secrets/master_keys');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `2026:${Buffer.alloc(32, 'old').toString('base64')}\n`);
  const keys = () => readMasterKeys(readFileSync(file, 'utf8').trim());
  const before = keys();
  const { ino } = statSync(file);
  let last = before;
  const key = Buffer.alloc(32, 'x');
  const first = commands.map((text) => {
    expect(spawnSync('sh', ['-ec', text], { cwd: dir, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
    const now = keys();
    // A restarted process beside one that has not restarted.
    expect(last.unwrap(now.wrap(key, 'test'), 'test')).toEqual(key);
    // The old key is needed until the rotation, and present.
    if (text !== commands.at(-1)) expect(now.unwrap(before.wrap(key, 'test'), 'test')).toEqual(key);
    last = now;
    return now.current;
  });
  expect(first).toEqual(['2026', '2027', '2027']);
  expect(() => last.unwrap(before.wrap(key, 'test'), 'test')).toThrow('2026');
  // Containers see a file's new content, but not a replaced file.
  expect(statSync(file).ino).toBe(ino);
  expect(readdirSync(dirname(file))).toEqual(['master_keys']);
});

test('The backup script finds the program of its clone from any directory, or prints how to build it', () => {
  const clone = emptyDir();
  mkdirSync(join(clone, 'deploy/backup'), { recursive: true });
  cpSync(deployed('backup/backup.sh'), join(clone, 'deploy/backup/backup.sh'));
  const backups = emptyDir();
  const { GAVEL: _none, ...rest } = process.env;
  const env = { ...rest, BACKUP_DIR: backups };
  const once = () =>
    spawnSync('sh', [join(clone, 'deploy/backup/backup.sh'), 'once'], {
      env,
      cwd: backups,
      encoding: 'utf8',
    });
  expect(once()).toMatchObject({ status: 1, stderr: expect.stringContaining('npm run build') as string });
  mkdirSync(join(clone, 'dist/src/cli'), { recursive: true });
  writeFileSync(join(clone, 'dist/src/cli/gavel.js'), 'console.log(process.argv[2])');
  expect(once()).toMatchObject({ status: 0, stdout: 'backup\n' });
});

describe('deploy/caddy/Caddyfile', () => {
  const caddyfile = deployed('caddy/Caddyfile');
  const env = {
    ...process.env,
    SITE_ADDRESSES: 'http://:3000, leads.example',
    APIS: 'api-1:3000 api-2:3000',
  };
  const caddy = (...args: string[]) =>
    spawnSync('caddy', [...args, '--config', caddyfile, '--adapter', 'caddyfile'], { env, encoding: 'utf8' });
  const hasCaddy = spawnSync('caddy', ['version']).status === 0;

  test('checks the readiness of APIs, and logs neither query strings nor headers', () => {
    const text = readFileSync(caddyfile, 'utf8');
    expect(text).toMatch(/^\s*health_uri \/ready$/m);
    expect(text).toMatch(/^\s*request>uri regexp \\\?\.\* \?…$/m);
    expect(text).toMatch(/^\s*request>headers delete$/m);
    // One logger for everything: another would need the same filter.
    expect(text.match(/^\s*log\b.*\{$/gm)).toHaveLength(1);
  });

  test.runIf(hasCaddy)('is valid for Caddy', () => {
    const adapted = caddy('adapt');
    expect(adapted).toMatchObject({ status: 0 });
    const { apps } = JSON.parse(adapted.stdout) as {
      apps: { http: { servers: Record<string, { listen: string[] }> } };
    };
    expect(
      Object.values(apps.http.servers)
        .flatMap(({ listen }) => listen)
        .sort(),
    ).toEqual([':3000', ':443']);
  });
});
