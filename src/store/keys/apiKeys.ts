import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { auditDocument, auditWrites, changedValues, type Actor } from '../audit.js';
import type { KeyDocument, AuditDocument, AuditEvent } from '../documents.js';
import type { Database } from '../db.js';
import type { Scope } from '../scopes.js';
import { inTransaction, writeInTransaction } from '../transaction.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = (BASE62[Number(rest % 62n)] ?? '') + text;
  return text;
}

const checksum = (text: string): string => base62(BigInt(crc32(text)), 6);

/** Kinds of keys, as in their prefixes; buyers' keys of earlier releases begin with `gvl_live_`. */
export type KeyKind = 'live' | 'test' | 'buyer' | 'admin';

/** The form of a key, anywhere in a text; without verifying its checksum. */
export const KEY_FORM = /gvl_(?:live|test|buyer|admin)_[0-9A-Za-z]{33}/;

const WHOLE_KEY = new RegExp(`^${KEY_FORM.source}$`);

/**
 * Generates a key: `gvl_live_`, `gvl_test_`, `gvl_buyer_` or `gvl_admin_`, 27 random characters, 6 characters of
 * checksum (CRC-32 of everything before it), base 62. People and secret scanners recognise the prefix, and the checksum
 * detects a typo without a database query (the form of GitHub's "Behind GitHub's new authentication token formats").
 */
export function generateKey(kind: KeyKind): string {
  const body = `gvl_${kind}_${base62(BigInt(`0x${randomBytes(20).toString('hex')}`), 27)}`;
  return body + checksum(body);
}

/** Whether a text is a key by its form and checksum; not whether the key is valid. */
export function looksLikeKey(text: string): boolean {
  if (!WHOLE_KEY.test(text)) return false;
  return checksum(text.slice(0, -6)) === text.slice(-6);
}

export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** The owner of a key: a seller, a buyer or an admin. */
export type Owner =
  | { seller: string; buyer?: never; admin?: never }
  | { buyer: string; seller?: never; admin?: never }
  | { admin: string; scopes: Scope[]; seller?: never; buyer?: never };

export type NewKey = Owner & {
  source?: string;
  test: boolean;
  /** Part of a source's address. */
  address?: true;
  limit?: number;
  expiresAt?: Date;
};

function kindOf({ admin, buyer, test }: NewKey): KeyKind {
  if (admin !== undefined) return 'admin';
  if (buyer !== undefined) return 'buyer';
  return test ? 'test' : 'live';
}

/**
 * Stores a new key and returns it; it can't be read later.
 * @param by the actor, for the audit log
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
  const event: AuditEvent = { kind: 'key', id, did: 'created', values: changedValues({}, termsOf(document)) };
  await writeInTransaction<KeyDocument | AuditDocument>(client, [
    { name: 'insertOne', namespace: `${db.databaseName}.keys`, document },
    ...(by ? auditWrites(database, by, [event]) : []),
  ]);
  return { key: secret, document };
}

/** Longer chains of creating keys are cut. */
const MAX_NAME_LENGTH = 200;

/**
 * The name of an admin key in the audit log. If another key created it, the creator is part of the name: otherwise a
 * key that may create keys could act under any name.
 */
export function auditName({ _id, admin = _id, madeBy }: KeyDocument): string {
  if (madeBy?.via !== 'api' || madeBy.who === admin) return admin;
  return `${admin} (key made by ${madeBy.who})`.slice(0, MAX_NAME_LENGTH);
}

/** Valid keys that were created with a key, by their ids. */
export async function keysMadeWith({ keys }: Database, id: string): Promise<string[]> {
  const found = await keys
    .find({ 'madeBy.key': id, revokedAt: { $exists: false } }, { sort: { createdAt: 1 } })
    .toArray();
  const now = new Date();
  return found.filter((key) => inForce(key, now)).map(({ _id }) => _id);
}

/** The properties of a key, for the audit log. */
const termsOf = ({ seller, source, buyer, admin, scopes, test, address, limit, expiresAt }: KeyDocument) => ({
  seller,
  source: seller === undefined ? undefined : source,
  buyer,
  admin,
  scopes: scopes?.join(', '),
  test: test ? 'true' : undefined,
  address: address && 'true',
  limit: limit?.toString(),
  expires: expiresAt?.toISOString(),
});

export async function findKey({ keys }: Database, key: string): Promise<KeyDocument | null> {
  return keys.findOne({ hash: hashKey(key) });
}

/** The hashes of all keys that are not revoked. */
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
 * Sets an earlier expiry of a key; returns false if the key is revoked or expires no later, because this must never
 * extend a key's validity.
 * @param by the actor, for the audit log
 */
export async function expireKey(
  { client, keys, audit }: Database,
  id: string,
  expiresAt: Date,
  by?: Actor,
): Promise<boolean> {
  return inTransaction(client, async (session) => {
    const key = await keys.findOne({ _id: id }, { session });
    if (key === null || key.revokedAt || (key.expiresAt && key.expiresAt <= expiresAt)) return false;
    await keys.updateOne({ _id: id }, { $set: { expiresAt } }, { session });
    const values = changedValues(termsOf(key), termsOf({ ...key, expiresAt }));
    if (by)
      await audit.insertOne(auditDocument(by, { kind: 'key', id, did: 'changed', values }), { session });
    return true;
  });
}

/**
 * Revokes a key; returns false if it is not in force.
 * @param by the actor, for the audit log
 */
export async function revokeKey({ client, keys, audit }: Database, id: string, by?: Actor): Promise<boolean> {
  return inTransaction(client, async (session) => {
    const key = await keys.findOne({ _id: id, revokedAt: { $exists: false } }, { session });
    if (key === null) return false;
    await keys.updateOne({ _id: id }, { $set: { revokedAt: new Date() } }, { session });
    const event: AuditEvent = { kind: 'key', id, did: 'revoked', values: changedValues(termsOf(key), {}) };
    if (by) await audit.insertOne(auditDocument(by, event), { session });
    return true;
  });
}
