import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';
import { decrypt, encrypt, KEY_BYTES } from '../cipher.js';
import type { Database } from '../db.js';
import type { PayloadDocument } from '../documents.js';
import { rewrapKey } from '../masterKeys.js';

/** Failed payloads that are kept of a source, the newest ones. */
const MOST_FAILED = 20;
const DAY_MS = 86_400_000;
/** How long a platform is asked for a lead that it has announced. */
const DUE_MS = 3 * DAY_MS;
/** Lease of the process that takes a due payload. */
const LEASE_MS = 60_000;

/** What a source sent. */
export interface Payload {
  contentType?: string;
  body: Buffer;
  /** It only announced a lead: the lead's id on the platform. */
  announced?: string;
}

/** A payload that is stored. */
export type NewPayload = Pick<PayloadDocument, 'seller' | 'source' | 'key' | 'test' | 'state' | 'reason'> & {
  /** A new id by default. */
  id?: string;
  payload: Payload;
  now: Date;
};

const contextOf = (id: string): string => `payload ${id}`;

/**
 * Stores a payload, encrypted under a key of its own. Failed ones are kept for a day, at most 20 of a source.
 * @returns its id
 */
export async function storePayload(database: Database, payload: NewPayload): Promise<string> {
  const { payload: sent, now, id = v7({ msecs: now.getTime() }), ...rest } = payload;
  const { payloads, vault } = database;
  const key = randomBytes(KEY_BYTES);
  const plain = Buffer.from(JSON.stringify({ ...sent, body: sent.body.toString('base64') }));
  await payloads.insertOne({
    _id: id,
    ...rest,
    at: now,
    expiresAt: new Date(now.getTime() + (rest.state === 'due' ? DUE_MS : DAY_MS)),
    dueAt: rest.state === 'due' ? now : undefined,
    attempts: 0,
    sealed: { key: vault.masterKeys().wrap(key, contextOf(id)), body: encrypt(key, plain, contextOf(id)) },
  });
  if (rest.state === 'failed') await prune(database, rest.source);
  return id;
}

/** Removes the payloads whose time is over. */
export async function removeExpiredPayloads({ payloads }: Database, now: Date): Promise<void> {
  await payloads.deleteMany({ expiresAt: { $lte: now } });
}

/** Removes all but the newest failed payloads of a source. */
async function prune({ payloads }: Database, source: string): Promise<void> {
  const [last] = await payloads
    .find({ source, state: 'failed' }, { projection: { _id: 1 } })
    .sort({ _id: -1 })
    .skip(MOST_FAILED)
    .limit(1)
    .toArray();
  if (last) await payloads.deleteMany({ source, state: 'failed', _id: { $lte: last._id } });
}

/** @throws MasterKeyError if it can't be unwrapped with the configured master keys */
export function openPayload({ vault }: Pick<Database, 'vault'>, { _id, sealed }: PayloadDocument): Payload {
  const key = vault.masterKeys().unwrap(sealed.key, contextOf(_id));
  const plain = decrypt(key, sealed.body, contextOf(_id)).toString();
  const { body, ...rest } = JSON.parse(plain) as Omit<Payload, 'body'> & { body: string };
  return { ...rest, body: Buffer.from(body, 'base64') };
}

/** The payloads of a source, or of all, that are not over their time; newest first. */
export async function listPayloads(
  { payloads }: Database,
  { source, now }: { source?: string; now: Date },
): Promise<PayloadDocument[]> {
  return payloads
    .find({ source, expiresAt: { $gt: now } })
    .sort({ _id: -1 })
    .limit(1000)
    .toArray();
}

/** Makes failed payloads due. @returns how many */
export async function replayPayloads(
  { payloads }: Database,
  { source, id, now }: { source: string; id?: string; now: Date },
): Promise<number> {
  const { modifiedCount } = await payloads.updateMany(
    { source, _id: id, state: 'failed', expiresAt: { $gt: now } },
    { $set: { state: 'due', dueAt: now, attempts: 0 } },
  );
  return modifiedCount;
}

/** The next due payload, leased so that no other process takes it; undefined if there is none. */
export async function takeDuePayload(
  { payloads }: Database,
  now: Date,
): Promise<PayloadDocument | undefined> {
  const taken = await payloads.findOneAndUpdate(
    { dueAt: { $lte: now } },
    { $set: { dueAt: new Date(now.getTime() + LEASE_MS) }, $inc: { attempts: 1 } },
    { sort: { dueAt: 1 }, returnDocument: 'after' },
  );
  return taken ?? undefined;
}

/** The payload has become a lead. */
export async function removePayload({ payloads }: Database, id: string): Promise<void> {
  await payloads.deleteOne({ _id: id });
}

/** The payload is taken again at this time. */
export async function postponePayload(
  { payloads }: Database,
  id: string,
  { reason, dueAt }: { reason: string; dueAt: Date },
): Promise<void> {
  await payloads.updateOne({ _id: id }, { $set: { reason, dueAt } });
}

/** The payload can't become a lead until somebody has corrected its mapping. */
export async function failPayload(
  database: Database,
  { _id, source }: Pick<PayloadDocument, '_id' | 'source'>,
  reason: string,
  now: Date,
): Promise<void> {
  await database.payloads.updateOne(
    { _id },
    { $set: { state: 'failed', reason, expiresAt: new Date(now.getTime() + DAY_MS) }, $unset: { dueAt: '' } },
  );
  await prune(database, source);
}

/** Wraps the keys of all payloads with the current master key. */
export async function rewrapPayloads({ payloads, vault }: Database): Promise<void> {
  const masterKeys = vault.masterKeys();
  for await (const { _id, sealed } of payloads.find({
    'sealed.key.masterKey': { $ne: masterKeys.current },
  })) {
    await payloads.updateOne(
      { _id },
      { $set: { 'sealed.key': rewrapKey(masterKeys, sealed.key, contextOf(_id)) } },
    );
  }
}
