import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BSON } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../../src/config.js';
import { lastBackup, restore, type Manifest } from '../../../src/store/upkeep/backup.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { ensureIndexes } from '../../../src/store/upkeep/indexes.js';
import { eraseLead } from '../../../src/store/persons/erase.js';
import { findLead, findStoredLead } from '../../../src/store/leads/leads.js';
import { findMarkers } from '../../faults/findMarkers.js';
import { startBuyer, type FakeBuyer } from '../../support/buyer.js';
import { gavelProcesses } from '../../support/gavelProcesses.js';
import { storeLead, storeMarket } from '../../support/market.js';
import { asEnvironment } from '../../support/asEnvironment.js';
import { compiledGavel, isolatedSettings } from '../../support/stack.js';
import { gavel, type Ran } from '../gavel.js';

const PERSON = { firstName: 'Zebulon', lastName: 'Quatermain', phone: '555-867-5309', state: 'TX' };

describe('a backup', () => {
  let settings: Settings;
  let elsewhere: Settings;
  let from: Database;
  let to: Database;
  let buyer: FakeBuyer;
  let waiting: string;
  const folder = mkdtempSync(join(tmpdir(), 'gavel-'));
  const dir = join(folder, 'backup');

  beforeAll(async () => {
    settings = await isolatedSettings({ LOG_LEVEL: 'info' });
    elsewhere = await isolatedSettings({ LOG_LEVEL: 'info' });
    [from, to] = [openDatabase(settings), openDatabase(elsewhere)];
    await ensureIndexes(from);
    buyer = await startBuyer();
    const campaign = await storeMarket(from, { northwind: { server: buyer } });
    waiting = (await storeLead(from, campaign, { fields: PERSON, dueAt: new Date(Date.now() - 60_000) }))._id;
    for (let i = 0; i < 20; i++)
      await storeLead(from, campaign, { status: 'expired', dueAt: undefined, price: i / 2 });
    // More documents than a restore inserts in one batch.
    await from.turns.insertMany(
      Array.from({ length: 1500 }, (_, i) => ({ _id: `campaign-${i}`, version: 1, credits: {} })),
    );
    const erased = await storeLead(from, campaign, { status: 'expired' });
    await eraseLead(from, erased._id, { by: 'test' });
  });
  afterAll(async () => {
    await Promise.all([from.client.close(), to.client.close(), buyer.close()]);
    rmSync(folder, { recursive: true });
  });

  /** Without a master key, because neither command needs one. */
  const run = (args: string[], { MONGODB_URL, MONGODB_DATABASE }: Settings): Promise<Ran> =>
    gavel(args, asEnvironment({ MONGODB_URL, MONGODB_DATABASE }));

  /** All documents of all collections, as bytes. */
  async function everything({ db }: Database): Promise<Record<string, string[]>> {
    const names = (await db.listCollections().toArray()).map(({ name }) => name).sort();
    const contents = names.map(async (name): Promise<[string, string[]]> => {
      const documents = await db
        .collection(name)
        .find({}, { promoteValues: false })
        .sort({ _id: 1 })
        .toArray();
      return [name, documents.map((document) => Buffer.from(BSON.serialize(document)).toString('base64'))];
    });
    return Object.fromEntries(await Promise.all(contents));
  }

  test('contains everything except readable personal data and the master key, readable only by its owner', async () => {
    const ran = await run(['backup', dir, '--json'], settings);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      database: settings.MONGODB_DATABASE,
      masterKeys: ['test'],
    });
    const plain = join(folder, 'plain');
    mkdirSync(plain);
    for (const file of readdirSync(dir).filter((name) => name.endsWith('.gz')))
      writeFileSync(join(plain, file), gunzipSync(readFileSync(join(dir, file))));
    expect(findMarkers(plain, ['Zebulon', 'Quatermain', '867-5309', '8675309'])).toEqual([]);
    expect(findMarkers(plain, [waiting])).toHaveLength(1);
    expect(readdirSync(dir).map((file) => statSync(join(dir, file)).mode & 0o077)).toEqual(
      readdirSync(dir).map(() => 0),
    );
    const { at } = JSON.parse(ran.stdout) as { at: string };
    expect(await lastBackup(from)).toEqual(new Date(at));
    const again = await run(['backup', dir], settings);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not empty; name a new folder') as string,
    });
  });

  test('with --keep removes older backups in its folder, and nothing else', async () => {
    const all = join(folder, 'all');
    const old = new Date(Date.now() - 15 * 86_400_000);
    const make = (name: string, files: Record<string, string>): void => {
      mkdirSync(join(all, name), { recursive: true });
      for (const [file, text] of Object.entries(files)) writeFileSync(join(all, name, file), text);
      utimesSync(join(all, name), old, old);
    };
    const manifest = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as object;
    const madeAt = (at: Date): string => JSON.stringify({ ...manifest, at: at.toISOString() });
    make('old', { 'leads.bson.gz': '', 'manifest.json': madeAt(old) });
    make('young', { 'leads.bson.gz': '', 'manifest.json': madeAt(new Date(Date.now() - 13 * 86_400_000)) });
    make('broken-off', { 'leads.bson.gz': '' });
    make('photos', { 'cat.jpeg': '' });
    make('empty', {});
    const ran = await run(['backup', join(all, 'new'), '--keep', '14d'], settings);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^\d+ documents of \d+ collections are in \S+, as of 2\S+ \S+ UTC\.$/m);
    expect(ran.stdout).toMatch(
      /^(It has nothing that was written after that|The local stack’s stand-in .*)\.$/m,
    );
    expect(ran.stdout).toContain('Older backups were removed: broken-off, old.');
    expect(readdirSync(all).sort()).toEqual(['empty', 'new', 'photos', 'young']);
    expect((await run(['backup', join(all, 'x'), '--keep', 'ever'], settings)).stderr).toContain(
      'Write a duration like 12h or 14d.',
    );
  });

  test.each(['leads', 'sales'])(
    'with far fewer %s than an older one removes nothing unless it may',
    async (name) => {
      const all = join(folder, `fewer-${name}`);
      const old = join(all, 'old');
      mkdirSync(old, { recursive: true });
      const at = new Date(Date.now() - 15 * 86_400_000).toISOString();
      const collections = [{ name, documents: 10_000, sha256: '' }];
      const larger: Manifest = { format: 'gavel-1', database: 'gavel', at, masterKeys: [], collections };
      writeFileSync(join(old, 'manifest.json'), JSON.stringify(larger));
      const kept = await run(['backup', join(all, 'new'), '--keep', '14d'], settings);
      expect(kept).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('No older backup was removed: old has 10000 documents') as string,
      });
      expect(readdirSync(all).sort()).toEqual(['new', 'old']);
      const pruned = await run(['backup', join(all, 'newer'), '--keep', '14d', '--allow-smaller'], settings);
      expect(pruned.stdout).toContain('Older backups were removed: old.');
      expect(readdirSync(all).sort()).toEqual(['new', 'newer']);
    },
  );

  test('is restored bit for bit, with indexes, into an empty database only', async () => {
    const ran = await run(['restore', dir], elsewhere);
    expect(ran.stdout).toContain('Its persons can be read with the master key "test", which is not in it.');
    expect({ ...(await everything(to)), audit: [], backups: [] }).toEqual({
      ...(await everything(from)),
      backups: [],
    });
    expect(await to.audit.find().toArray()).toMatchObject([{ via: 'cli', did: 'restored from a backup' }]);
    expect(
      await to.leads.indexExists(await from.leads.indexes().then((all) => all.map(({ name = '' }) => name))),
    ).toBe(true);
    expect((await findLead(to, waiting))?.fields).toEqual(PERSON);
    const again = await run(['restore', dir], elsewhere);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('--replace drops what it has');
    await to.leads.updateOne({ _id: waiting }, { $set: { status: 'expired' } });
    const replaced = await run(['restore', dir, '--replace'], elsewhere);
    expect(replaced.code).toBe(0);
    expect((await findStoredLead(to, waiting))?.status).toBe('received');
  });

  test('continues: a new worker sells the waiting leads', async () => {
    const processes = gavelProcesses(join(folder, 'logs'), compiledGavel());
    try {
      await processes.worker(elsewhere);
      await expect
        .poll(async () => (await findStoredLead(to, waiting))?.status, { timeout: 40_000 })
        .toBe('sold');
      expect(buyer.of('post')[0]?.body.lead).toEqual(PERSON);
    } finally {
      await processes.stop();
    }
  });

  test('whose file disappears during the restore fails the restore, and not the process', async () => {
    const copy = join(folder, 'copy');
    cpSync(dir, copy, { recursive: true });
    const restored = restore(to, copy, { replace: true }, (text) => {
      if (text === 'sales') rmSync(join(copy, 'sales.bson.gz'));
    });
    await expect(restored).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that is damaged or incomplete is rejected, and nothing is changed', async () => {
    const before = await everything(to);
    appendFileSync(join(dir, 'sales.bson.gz'), 'x');
    const damaged = await run(['restore', dir, '--replace'], elsewhere);
    expect(damaged).toMatchObject({ code: 1, stdout: '' });
    expect(damaged.stderr).toContain(
      'sales.bson.gz is damaged: it is not what was written when the backup was made.',
    );
    rmSync(join(dir, 'manifest.json'));
    expect((await run(['restore', dir], elsewhere)).stderr).toContain('is not a complete backup');
    expect(await everything(to)).toEqual(before);
  });
});
