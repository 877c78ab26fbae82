import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config.js';
import { release } from '../../src/store/sales/capacity.js';
import { claimLead, endClaim } from '../../src/store/sales/claims.js';
import { openDatabase, type Database } from '../../src/store/db.js';
import { ensureIndexes } from '../../src/store/upkeep/indexes.js';
import { eraseLead } from '../../src/store/persons/erase.js';
import { findLead, findStoredLead } from '../../src/store/leads/leads.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';
import { gavel, type Ran } from './gavel.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';
const phone = '214-555-0187';

describe('a person erased after a backup', () => {
  let live: Settings;
  let elsewhere: Settings;
  let database: Database;
  let restored: Database;
  const folder = mkdtempSync(join(tmpdir(), 'gavel-'));
  const dir = join(folder, 'backup');
  const list = join(folder, 'list.jsonl');
  const ids: Record<'sold' | 'waiting' | 'posting' | 'kept', string> = {
    sold: '',
    waiting: '',
    posting: '',
    kept: '',
  };

  const run = (args: string[], settings: Settings): Promise<Ran> => gavel(args, asEnvironment(settings));
  const erased = () => [ids.sold, ids.waiting, ids.posting];
  const proofs = async ({ leads }: Database) =>
    leads
      .find({ _id: { $in: erased() } }, { projection: { erased: 1, person: 1, match: 1, idempotency: 1 } })
      .sort({ _id: 1 })
      .toArray();

  beforeAll(async () => {
    [live, elsewhere] = [await isolatedSettings(), await isolatedSettings()];
    [database, restored] = [openDatabase(live), openDatabase(elsewhere)];
    await ensureIndexes(database);
    const campaign = await storeMarket(database, {});
    const store = async (lead: Parameters<typeof storeLead>[2]) =>
      (await storeLead(database, campaign, { fields: { phone }, ...lead }))._id;
    ids.sold = await store({ status: 'sold', dueAt: undefined });
    ids.waiting = await store({ status: 'pending' });
    ids.posting = await store({ status: 'pending' });
    ids.kept = await store({ status: 'sold', fields: { phone: '214-555-0188' } });
    const sold = await findStoredLead(database, ids.sold);
    const purchase = {
      sale: 's',
      lead: ids.sold,
      contract: CONTRACT,
      buyer: 'northwind',
      campaign: campaign._id,
      at: 0,
    };
    await database.persons.insertOne({
      _id: `phone:${sold?.match.phone ?? ''}`,
      purchases: [{ ...purchase, ...sold?.match }],
    });
    const post = { postId: 'p', round: 1, buyer: 'northwind', exclusive: true, price: 4500, earns: 4500 };
    await claimLead(database, { lead: ids.posting, contract: CONTRACT, ...post, maxBuyers: 1 });
    expect((await run(['backup', dir], live)).code).toBe(0);

    await endClaim(database, ids.posting, { contract: CONTRACT, postId: 'p', status: 'refused' });
    await release(database, { ...purchase, sale: 'p', lead: ids.posting });
    for (const id of erased())
      expect(await eraseLead(database, id, { by: 'dana' })).toMatchObject({ outcome: 'erased' });
    const exported = await run(['leads', 'erasures', '--since', '1h', '--json'], live);
    expect(exported.stdout.trim().split('\n')).toHaveLength(3);
    writeFileSync(list, exported.stdout);
  });
  afterAll(async () => {
    await Promise.all([database, restored].map(({ client }) => client.close()));
    rmSync(folder, { recursive: true });
  });

  test('is restored, with a warning, if no list of erasures is given', async () => {
    const ran = await run(['restore', dir], elsewhere);
    expect(ran.stdout).toContain('persons erased since then are in the database again');
    expect((await findLead(restored, ids.sold))?.fields).toEqual({ phone });
  });

  test('is erased again by the list of erasures, with the same proof and including all hashes', async () => {
    const ran = await run(['restore', dir, '--replace', '--erasures', list], elsewhere);
    expect(ran.stdout).toContain(
      `Erasures were read from ${list}: the persons of 3 leads were erased again.`,
    );
    expect(await proofs(restored)).toEqual(await proofs(database));
    expect(await restored.persons.countDocuments()).toBe(0);
    expect((await run(['leads', 'list', '--phone', phone], elsewhere)).stdout).toBe(
      'There is no such lead.\n',
    );
    expect((await findLead(restored, ids.kept))?.fields).toEqual({ phone: '214-555-0188' });
    expect(await restored.audit.find().sort({ at: -1 }).limit(1).toArray()).toMatchObject([
      { did: 'restored from a backup', values: [{ path: 'as_of' }, { path: 'erased_again', to: '3' }] },
    ]);
  });

  test('is not sent by work in progress at the time of the backup', async () => {
    expect(await findStoredLead(restored, ids.waiting)).toMatchObject({ status: 'withdrawn', claimed: 0 });
    expect(await findStoredLead(restored, ids.posting)).toMatchObject({
      status: 'withdrawn',
      claimed: 0,
      claims: { [CONTRACT]: { status: 'cancelled' } },
      unsettled: [CONTRACT],
    });
    for (const id of erased()) expect(await findStoredLead(restored, id)).not.toHaveProperty('dueAt');
  });

  test('is erased again by the list beside the scheduled backups, without an option', async () => {
    const beside = join(folder, 'erasures.jsonl');
    copyFileSync(list, beside);
    const ran = await run(['restore', dir, '--replace'], elsewhere);
    // The replaced database has these erasures too, and writes them to the backup's folder.
    rmSync(join(dir, 'erasures.jsonl'));
    expect(ran.stdout).toContain(` and ${beside}: the persons of 3 leads were erased again.`);
    await restored.db.dropDatabase();
    const empty = await run(['restore', dir, '--json'], elsewhere);
    expect(JSON.parse(empty.stdout)).toMatchObject({ erased_again: 3, erasures_from: [beside] });
    expect(await proofs(restored)).toEqual(await proofs(database));
    writeFileSync(beside, 'something else\n');
    const damaged = await run(['restore', dir, '--replace'], elsewhere);
    expect(damaged).toMatchObject({ code: 1, stdout: '' });
    expect(damaged.stderr).toContain(`${beside}:1 is not an erasure`);
    expect(await proofs(restored)).toEqual(await proofs(database));
    rmSync(beside);
    rmSync(join(dir, 'erasures.jsonl'), { force: true });
  });

  test('stays erased if the backup replaces the database, which keeps its erasures', async () => {
    const before = await proofs(database);
    const ran = await run(['restore', dir, '--replace'], live);
    expect(ran.stdout).toContain(': the persons of 3 leads were erased again.');
    expect(await proofs(database)).toEqual(before);
    // They are stored beside the backup, so that an interrupted restore finds them when it is run again.
    expect(readFileSync(join(dir, 'erasures.jsonl'), 'utf8')).toContain(ids.sold);
  });

  test('is not restored if the list is unreadable: nothing is restored', async () => {
    writeFileSync(list, '{"lead_id": "one", "erased_at": "2026-11-24T14:33:05Z"}\nsomething else\n');
    const ran = await run(['restore', dir, '--replace', '--erasures', list], elsewhere);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(`${list}:2 is not an erasure as \`gavel leads erasures --json\` writes it.`);
    expect(await restored.leads.countDocuments({ erased: { $exists: true } })).toBe(3);
  });
});
