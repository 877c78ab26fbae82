import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { auditDocument, auditWrites, changedValues, type Actor } from '../audit.js';
import type { KeyDocument, AuditDocument, AuditEvent } from '../documents.js';
import type { Database } from '../db.js';
import type { Scope } from '../scopes.js';
import { writeInTransaction } from '../transaction.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = (BASE62[Number(rest % 62n)] ?? '') + text;
  return text;
}

const checksum = (text: string): string => base62(BigInt(crc32(text)), 6);

/** What keys are for, as their prefixes say it; buyers' keys of earlier releases begin with `gvl_live_`. */
export type KeyKind = 'live' | 'test' | 'buyer' | 'admin';

/** A key's form, without its checksum, anywhere in a text. */
export const KEY_FORM = /gvl_(?:live|test|buyer|admin)_[0-9A-Za-z]{33}/;

const WHOLE_KEY = new RegExp(`^${KEY_FORM.source}$`);

/**
 * A new key: `gvl_live_`, `gvl_test_`, `gvl_buyer_` or `gvl_admin_`, 27 random characters, 6 of checksum (CRC-32 of all before it), base 62. The
 * prefix lets people and secret scanners recognise it, the checksum lets a typo be told apart without asking the
 * database (the form GitHub describes in "Behind GitHub's new authentication token formats").
 */
export function generateKey(kind: KeyKind): string {
  const body = `gvl_${kind}_${base62(BigInt(`0x${randomBytes(20).toString('hex')}`), 27)}`;
  return body + checksum(body);
}

/** Whether a text is one of our keys by its form and checksum; says nothing about whether it is in force. */
export function looksLikeKey(text: string): boolean {
  if (!WHOLE_KEY.test(text)) return false;
  return checksum(text.slice(0, -6)) === text.slice(-6);
}

export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Whose key it is: a seller's, a buyer's or an admin's, never of two. */
export type Owner =
  | { seller: string; buyer?: never; admin?: never }
  | { buyer: string; seller?: never; admin?: never }
  | { admin: string; scopes: Scope[]; seller?: never; buyer?: never };

/** What a new key is to be. */
export type NewKey = Owner & { source?: string; test: boolean; limit?: number; expiresAt?: Date };

function kindOf({ admin, buyer, test }: NewKey): KeyKind {
  if (admin !== undefined) return 'admin';
  if (buyer !== undefined) return 'buyer';
  return test ? 'test' : 'live';
}

/**
 * Stores a new key and returns it; this is the only time it is seen.
 * @param by who has it made, for the audit
 */
export async function createKey(
  database: Database,
  key: NewKey,
  by?: Actor,
): Promise<{ key: string; document: KeyDocument }> {
  const { client, db } = database;
  const secret = generateKey(kindOf(key));
  const id = `key_${randomBytes(8).toString('hex')}`;
  const document: KeyDocument = {
    _id: id,
    hash: hashKey(secret),
    ...key,
    source: key.source ?? id,
    createdAt: new Date(),
    madeBy: by,
  };
  const deed: AuditEvent = { kind: 'key', id, did: 'created', values: changedValues({}, termsOf(document)) };
  await writeInTransaction<KeyDocument | AuditDocument>(client, [
    { name: 'insertOne', namespace: `${db.databaseName}.keys`, document },
    ...(by ? auditWrites(database, by, [deed]) : []),
  ]);
  return { key: secret, document };
}

/** Longer chains of keys that made keys are cut. */
const LONGEST_WHO = 200;

/**
 * The name that an admin key acts under in the audit. A key that another key has made has its maker in it: whoever may make
 * keys could else act as anybody.
 */
export function auditName({ _id, admin = _id, madeBy }: KeyDocument): string {
  if (madeBy?.via !== 'api' || madeBy.who === admin) return admin;
  return `${admin} (key made by ${madeBy.who})`.slice(0, LONGEST_WHO);
}

/** Keys in force that were made with a key, by their ids. */
export async function keysMadeWith({ keys }: Database, id: string): Promise<string[]> {
  const found = await keys
    .find({ 'madeBy.key': id, revokedAt: { $exists: false } }, { sort: { createdAt: 1 } })
    .toArray();
  const now = new Date();
  return found.filter((key) => inForce(key, now)).map(({ _id }) => _id);
}

/** What a key is, for the audit: whose, and for what. */
function termsOf({
  seller,
  source,
  buyer,
  admin,
  scopes,
  test,
  limit,
  expiresAt,
}: KeyDocument): Record<string, string> {
  const terms = {
    seller,
    source: seller === undefined ? undefined : source,
    buyer,
    admin,
    scopes: scopes?.join(', '),
    test: test ? 'true' : undefined,
  };
  const given = { ...terms, limit: limit?.toString(), expires: expiresAt?.toISOString() };
  return Object.fromEntries(
    Object.entries(given).flatMap(([path, value]) => (value === undefined ? [] : [[path, value]])),
  );
}

export async function findKey({ keys }: Database, key: string): Promise<KeyDocument | null> {
  return keys.findOne({ hash: hashKey(key) });
}

/** The hashes of all keys that may be in force. */
export async function keyHashes({ keys }: Database): Promise<Set<string>> {
  const found = keys.find({ revokedAt: { $exists: false } }, { projection: { _id: 0, hash: 1 } });
  return new Set(await found.map(({ hash }) => hash).toArray());
}

export function inForce(key: KeyDocument, now: Date): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || key.expiresAt > now);
}

export async function listKeys({ keys }: Database, owner: Partial<Owner> = {}): Promise<KeyDocument[]> {
  return keys.find(owner).sort({ createdAt: 1 }).toArray();
}

/**
 * Lets a key go on until a time and no longer, by its id; false where it is revoked, or ends no later by itself: what
 * takes a key away must never lengthen its life.
 * @param by who has it end, for the audit
 */
export async function expireKey(
  { client, keys, audit }: Database,
  id: string,
  expiresAt: Date,
  by?: Actor,
): Promise<boolean> {
  return client.withSession((session) =>
    session.withTransaction(async () => {
      const key = await keys.findOne({ _id: id }, { session });
      if (key === null || key.revokedAt || (key.expiresAt && key.expiresAt <= expiresAt)) return false;
      await keys.updateOne({ _id: id }, { $set: { expiresAt } }, { session });
      const values = changedValues(termsOf(key), termsOf({ ...key, expiresAt }));
      if (by)
        await audit.insertOne(auditDocument(by, { kind: 'key', id, did: 'changed', values }), { session });
      return true;
    }),
  );
}

/**
 * Revokes a key by its id; false where there is none in force under it.
 * @param by who has it revoked, for the audit
 */
export async function revokeKey({ client, keys, audit }: Database, id: string, by?: Actor): Promise<boolean> {
  return client.withSession((session) =>
    session.withTransaction(async () => {
      const key = await keys.findOne({ _id: id, revokedAt: { $exists: false } }, { session });
      if (key === null) return false;
      await keys.updateOne({ _id: id }, { $set: { revokedAt: new Date() } }, { session });
      const deed: AuditEvent = { kind: 'key', id, did: 'revoked', values: changedValues(termsOf(key), {}) };
      if (by) await audit.insertOne(auditDocument(by, deed), { session });
      return true;
    }),
  );
}
