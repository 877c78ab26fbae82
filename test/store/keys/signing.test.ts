import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSender } from '../../../src/buyers/send.js';
import type { Settings } from '../../../src/config.js';
import { backup } from '../../../src/store/upkeep/backup.js';
import { openDatabase, type Database } from '../../../src/store/db.js';
import { findBuyer, findSeller } from '../../../src/store/market/storedTerms.js';
import { rewrap } from '../../../src/store/keys/rewrap.js';
import { dropEndedSecrets, rotateSecret, wrapPlainSecrets } from '../../../src/store/keys/signing.js';
import { startBuyer, type FakeBuyer, type Received } from '../../support/buyer.js';
import { buyerDocument, sellerDocument } from '../../support/market.js';
import { secretOf } from '../../support/secretOf.js';
import { isolatedSettings } from '../../support/stack.js';

const HOUR = 3_600_000;
const NORTHWIND = { kind: 'buyer', id: 'northwind' } as const;
const ACME = { kind: 'seller', id: 'ACME1234' } as const;

let settings: Settings;
let database: Database;
let server: FakeBuyer;
let sender: ReturnType<typeof openSender>;
const opened: Database[] = [];

const withKeys = (MASTER_KEYS: string): Database => {
  const one = openDatabase({ ...settings, MASTER_KEYS });
  opened.push(one);
  return one;
};

beforeAll(async () => {
  settings = await isolatedSettings();
  database = withKeys(settings.MASTER_KEYS);
  server = await startBuyer();
  sender = openSender(settings);
});
beforeEach(async () => {
  server.received.length = 0;
  await database.buyers.deleteMany({});
  await database.sellers.deleteMany({});
  await database.buyers.insertOne(buyerDocument('northwind', server));
  await database.sellers.insertOne(sellerDocument('ACME1234', 'acme', 'Acme'));
});
afterAll(async () => {
  await sender.close();
  await server.close();
  await database.db.dropDatabase();
  await Promise.all(opened.map(({ client }) => client.close()));
});

/** All stored data of buyers and sellers, as text. */
async function dumped(): Promise<string> {
  const all = await Promise.all([database.buyers.find().toArray(), database.sellers.find().toArray()]);
  return JSON.stringify(all);
}

/** A message to northwind, as received. */
async function sent(): Promise<Received> {
  const buyer = await findBuyer(database, 'northwind');
  if (buyer === undefined) throw new Error('The buyer is gone');
  const { url } = server;
  await sender.send({ url, timeoutMs: 3000, id: 'msg_1', secret: buyer.secret, payload: { type: 'ping' } });
  const received = server.received.at(-1);
  if (received === undefined) throw new Error('Nothing has come in');
  return received;
}

const isSignedBy = (secret: string, { headers, body }: Received): boolean => {
  try {
    return new Webhook(secret).verify(JSON.stringify(body), headers as Record<string, string>) !== undefined;
  } catch {
    return false;
  }
};

describe('A secret stored in clear by an earlier release', () => {
  test('signs as before and is encrypted with the master key once', async () => {
    const [before, seller] = [server.secret, await secretOf(database, 'seller', 'ACME1234')];
    expect((await sent()).signed).toBe(true);
    expect(await dumped()).toContain('whsec_');
    expect(await wrapPlainSecrets(database)).toBe(2);
    expect(await wrapPlainSecrets(database)).toBe(0);
    expect(await dumped()).not.toContain('whsec_');
    expect(await secretOf(database, 'buyer', 'northwind')).toBe(before);
    expect((await findSeller(database, 'acme'))?.secret()).toEqual([seller]);
    expect((await sent()).signed).toBe(true);
  });

  test('is created if missing', async () => {
    await database.sellers.updateOne({ _id: 'ACME1234' }, { $unset: { secret: '' } });
    expect(await wrapPlainSecrets(database)).toBe(2);
    expect(await secretOf(database, 'seller', 'ACME1234')).toMatch(/^whsec_/);
  });
});

describe('A new secret', () => {
  test('signs at once, together with the previous secret for a limited time', async () => {
    const before = server.secret;
    const shown = await rotateSecret(database, NORTHWIND, HOUR);
    const after = await secretOf(database, 'buyer', 'northwind');
    expect(shown?.secrets).toEqual([after, before]);
    expect(JSON.stringify(await database.buyers.findOne())).not.toContain('whsec_');

    const overlapping = await sent();
    expect(String(overlapping.headers['webhook-signature'])).toMatch(/^v1,\S+ v1,\S+$/);
    expect([before, after].map((secret) => isSignedBy(secret, overlapping))).toEqual([true, true]);

    const over = new Date(Date.now() - 1);
    await database.buyers.updateOne({ _id: 'northwind' }, { $set: { 'signing.previous.0.until': over } });
    const later = await sent();
    expect(String(later.headers['webhook-signature'])).toMatch(/^v1,\S+$/);
    expect([before, after].map((secret) => isSignedBy(secret, later))).toEqual([false, true]);
  });

  test('ends a leaked previous secret at once', async () => {
    const before = server.secret;
    expect((await rotateSecret(database, NORTHWIND, 0))?.secrets).toHaveLength(1);
    expect(isSignedBy(before, await sent())).toBe(false);
  });

  test('also ends older secrets whose time has not passed', async () => {
    const first = server.secret;
    const second = (await rotateSecret(database, NORTHWIND, 24 * HOUR))?.secrets[0] ?? '';
    expect(isSignedBy(first, await sent())).toBe(true);
    expect(await rotateSecret(database, NORTHWIND, 0)).toMatchObject({ previousUntil: [] });
    const now = await sent();
    expect([first, second].map((secret) => isSignedBy(secret, now))).toEqual([false, false]);
    expect(String(now.headers['webhook-signature'])).toMatch(/^v1,\S+$/);
  });

  test('is created for each of many concurrent requests, and the last few sign', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => rotateSecret(database, NORTHWIND, HOUR)));
    const newest = made.map((one) => one?.secrets[0]);
    expect(new Set(newest).size).toBe(6);
    const stored = await database.buyers.findOne({ _id: 'northwind' });
    expect(stored?.signing?.version).toBe(7);
    expect(stored?.signing?.previous).toHaveLength(3);
    expect(newest).toContain(await secretOf(database, 'buyer', 'northwind'));
  });

  test('is deleted from the database when it no longer signs', async () => {
    await rotateSecret(database, NORTHWIND, HOUR);
    await rotateSecret(database, ACME, HOUR);
    expect(await dropEndedSecrets(database)).toBe(0);
    const over = new Date(Date.now() - 1);
    await database.buyers.updateOne({ _id: 'northwind' }, { $set: { 'signing.previous.0.until': over } });
    expect(await dropEndedSecrets(database)).toBe(1);
    expect((await database.buyers.findOne())?.signing).not.toHaveProperty('previous');
    expect((await database.sellers.findOne())?.signing?.previous).toHaveLength(1);
    expect(await rotateSecret(database, { kind: 'buyer', id: 'nobody' }, 0)).toBeUndefined();
  });

  test('can’t be read if moved to another buyer', async () => {
    await rotateSecret(database, NORTHWIND, 0);
    const stored = await database.buyers.findOne({ _id: 'northwind' });
    await database.buyers.insertOne({ ...buyerDocument('contoso', server), signing: stored?.signing });
    await expect(secretOf(database, 'buyer', 'contoso')).rejects.toThrow('is not the one that was used here');
  });
});

test('A new master key replaces the old one for all secrets, and the old key is no longer needed', async () => {
  const [old, next] = [settings.MASTER_KEYS, `next:${randomBytes(32).toString('base64')}`];
  const before = [server.secret, await secretOf(database, 'seller', 'ACME1234')];
  const rotated = await rotateSecret(database, NORTHWIND, HOUR);
  await rewrap(withKeys(`${next},${old}`), () => undefined);
  const after = withKeys(next);
  expect((await findBuyer(after, 'northwind'))?.secret()).toEqual([rotated?.secrets[0], before[0]]);
  expect(await secretOf(after, 'seller', 'ACME1234')).toBe(before[1]);
  await expect(secretOf(database, 'buyer', 'northwind')).rejects.toThrow('MASTER_KEYS has no key "next"');
  await rewrap(withKeys(`${old},${next}`), () => undefined);
});

test('A backup contains no readable secret and names the required master key', async () => {
  await rotateSecret(
    withKeys(`next:${randomBytes(32).toString('base64')},${settings.MASTER_KEYS}`),
    ACME,
    HOUR,
  );
  await wrapPlainSecrets(database);
  const dir = mkdtempSync(join(tmpdir(), 'gavel-backup-'));
  try {
    const { masterKeys, collections } = await backup(database, join(dir, 'made'), () => undefined);
    expect(masterKeys).toEqual(expect.arrayContaining(['next', 'test']));
    for (const { name } of collections)
      expect(gunzipSync(readFileSync(join(dir, 'made', `${name}.bson.gz`))).includes('whsec_')).toBe(false);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
