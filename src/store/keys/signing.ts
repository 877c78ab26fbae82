import { randomBytes } from 'node:crypto';
import type { Collection, Filter, UpdateFilter } from 'mongodb';
import { auditDocument, type Actor } from '../audit.js';
import type { Database } from '../db.js';
import { rewrapKey, type MasterKeys } from '../masterKeys.js';
import type { WithSigning, SigningSecrets, WrappedKey } from '../documents.js';
import { inTransaction } from '../transaction.js';
import type { Vault } from '../vault.js';

export interface Recipient {
  kind: 'buyer' | 'seller';
  id: string;
}

/** The maximum number of previous secrets; beyond it, the oldest stops before its expiry. */
const MOST_PREVIOUS = 3;

/** The form of Standard Webhooks: 24 to 64 random bytes, base64, with a prefix that names the kind. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** A wrapped secret can be unwrapped only for its owner. */
const contextOf = ({ kind, id }: Recipient): string => `signing secret of ${kind} ${id}`;

/** A new secret, or the plaintext one of an earlier release, in stored form. */
export function makeSigning(vault: Vault, recipient: Recipient, secret = newSecret()): SigningSecrets {
  return { current: wrap(vault.masterKeys(), recipient, secret), version: 1 };
}

const wrap = (masterKeys: MasterKeys, recipient: Recipient, secret: string): WrappedKey =>
  masterKeys.wrap(Buffer.from(secret), contextOf(recipient));

/** Returns the secrets in force at the time of the call, newest first. They are unwrapped at the first call. */
export type SecretsInForce = () => readonly string[];

/** @throws MasterKeyError from the returned function, if a secret can't be unwrapped with the configured master keys */
export function secretsOf(
  vault: Pick<Vault, 'masterKeys'>,
  kind: Recipient['kind'],
  stored: WithSigning,
): SecretsInForce {
  const { _id: id, signing, secret } = stored;
  if (signing === undefined) return () => (secret === undefined ? [] : [secret]);
  let unwrapped: { secret: string; until: number }[] | undefined;
  return () => {
    unwrapped ??= [
      { secret: signing.current, until: Infinity },
      ...(signing.previous ?? []).map((one) => ({ ...one, until: one.until.getTime() })),
    ].map((one) => ({
      secret: vault.masterKeys().unwrap(one.secret, contextOf({ kind, id })).toString(),
      until: one.until,
    }));
    return unwrapped.filter(({ until }) => until > Date.now()).map((one) => one.secret);
  };
}

const collectionOf = (database: Database, kind: Recipient['kind']): Collection<WithSigning> =>
  database.db.collection<WithSigning>(kind === 'buyer' ? 'buyers' : 'sellers');

/** The secrets of a buyer or seller, and the expiry of the previous ones. */
export interface ShownSecrets {
  secrets: readonly string[];
  previousUntil: Date[];
}

/** Undefined if there is no such buyer or seller. */
export async function findSecrets(
  database: Database,
  { kind, id }: Recipient,
): Promise<ShownSecrets | undefined> {
  const stored = await collectionOf(database, kind).findOne({ _id: id });
  return stored === null ? undefined : shown(database.vault, kind, stored);
}

function shown(vault: Vault, kind: Recipient['kind'], stored: WithSigning): ShownSecrets {
  const previous = inForce(stored.signing?.previous ?? []);
  return { secrets: secretsOf(vault, kind, stored)(), previousUntil: previous.map(({ until }) => until) };
}

const inForce = (
  previous: NonNullable<SigningSecrets['previous']>,
): NonNullable<SigningSecrets['previous']> => previous.filter(({ until }) => until.getTime() > Date.now());

/**
 * Creates a new secret for a buyer or seller. The present one signs too for `overlapMs`, so that its owner can install
 * the new one without refusing messages. Without an overlap all older secrets end at once, because one of them may have
 * leaked. Undefined if there is no such buyer or seller.
 * @param by the actor, for the audit log, which has neither secret
 */
export async function rotateSecret(
  database: Database,
  recipient: Recipient,
  overlapMs: number,
  by?: Actor,
): Promise<ShownSecrets | undefined> {
  const { client, vault, audit } = database;
  const { kind, id } = recipient;
  const collection = collectionOf(database, kind);
  return inTransaction(client, async (session) => {
    const stored = await collection.findOne({ _id: id }, { session });
    if (stored === null) return undefined;
    const until = new Date(Date.now() + overlapMs);
    const replaced = rotated(vault, recipient, stored, until);
    const signing = overlapMs > 0 ? replaced : { ...replaced, previous: undefined };
    await collection.updateOne({ _id: id }, { $set: { signing }, $unset: { secret: '' } }, { session });
    const values = [{ path: 'previous.until', to: until.toISOString() }];
    if (by)
      await audit.insertOne(auditDocument(by, { kind, id, did: 'secret rotated', values }), { session });
    return shown(vault, kind, { _id: id, signing });
  });
}

function rotated(vault: Vault, recipient: Recipient, stored: WithSigning, until: Date): SigningSecrets {
  const made = makeSigning(vault, recipient);
  const was = stored.signing ?? (stored.secret ? makeSigning(vault, recipient, stored.secret) : undefined);
  if (was === undefined) return made;
  const before = [{ secret: was.current, until }, ...(was.previous ?? [])];
  const previous = inForce(before).slice(0, MOST_PREVIOUS);
  return { ...made, previous: previous.length > 0 ? previous : undefined, version: was.version + 1 };
}

const KINDS: readonly Recipient['kind'][] = ['seller', 'buyer'];

/**
 * Wraps the plaintext secrets of earlier releases with the current master key, and creates missing ones: one update per
 * buyer and seller, and none the next time.
 * @returns how many there were
 */
export async function wrapPlainSecrets(database: Database): Promise<number> {
  return eachSecret(database, { signing: { $exists: false } }, (recipient, { secret }) => ({
    filter: { secret, signing: { $exists: false } },
    update: {
      $set: { signing: makeSigning(database.vault, recipient, secret || undefined) },
      $unset: { secret: '' },
    },
  }));
}

/**
 * Wraps every signing secret with the current master key.
 * @returns the number of buyers and sellers that needed it
 */
export async function rewrapSecrets(database: Database): Promise<number> {
  const masterKeys = database.vault.masterKeys();
  const plain = await wrapPlainSecrets(database);
  const wrapped = await eachSecret(database, { signing: { $exists: true } }, (recipient, { signing }) => {
    const next = signing && rewrapped(masterKeys, recipient, signing);
    // One that was rotated meanwhile is under the current master key already.
    return next && { filter: { 'signing.version': signing.version }, update: { $set: { signing: next } } };
  });
  return plain + wrapped;
}

function rewrapped(
  masterKeys: MasterKeys,
  recipient: Recipient,
  signing: SigningSecrets,
): SigningSecrets | undefined {
  const all = [signing.current, ...(signing.previous ?? []).map(({ secret }) => secret)];
  if (all.every(({ masterKey }) => masterKey === masterKeys.current)) return undefined;
  const again = (secret: WrappedKey): WrappedKey => rewrapKey(masterKeys, secret, contextOf(recipient));
  return {
    current: again(signing.current),
    previous: signing.previous?.map(({ secret, until }) => ({ secret: again(secret), until })),
    version: signing.version + 1,
  };
}

/**
 * Removes expired secrets from the database.
 * @returns the number of buyers and sellers
 */
export async function dropEndedSecrets(database: Database): Promise<number> {
  const ended = { 'signing.previous.until': { $lte: new Date() } };
  return eachSecret(database, ended, (_recipient, { signing }) => {
    const previous = inForce(signing?.previous ?? []);
    return {
      filter: { 'signing.version': signing?.version },
      update:
        previous.length > 0
          ? { $set: { 'signing.previous': previous }, $inc: { 'signing.version': 1 } }
          : { $unset: { 'signing.previous': '' }, $inc: { 'signing.version': 1 } },
    };
  });
}

interface SecretChange {
  /** The condition for the update; if it is false, the secret was modified concurrently and stays. */
  filter: Filter<WithSigning>;
  update: UpdateFilter<WithSigning>;
}

/**
 * Changes the secrets of sellers and buyers, one after another.
 * @returns the number of changes
 */
async function eachSecret(
  database: Database,
  which: Filter<WithSigning>,
  changeOf: (recipient: Recipient, stored: WithSigning) => SecretChange | undefined,
): Promise<number> {
  let changed = 0;
  for (const kind of KINDS) {
    const collection = collectionOf(database, kind);
    for await (const stored of collection.find(which, { projection: { secret: 1, signing: 1 } })) {
      const change = changeOf({ kind, id: stored._id }, stored);
      if (change === undefined) continue;
      const { filter, update } = change;
      changed += (await collection.updateOne({ ...filter, _id: stored._id }, update)).modifiedCount;
    }
  }
  return changed;
}
