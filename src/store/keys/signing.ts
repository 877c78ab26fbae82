import { randomBytes } from 'node:crypto';
import type { Collection, Filter, UpdateFilter } from 'mongodb';
import { auditDocument, type Actor } from '../audit.js';
import type { Database } from '../db.js';
import { rewrapKey, type MasterKeys } from '../masterKeys.js';
import type { WithSigning, SigningSecrets, WrappedKey } from '../documents.js';
import type { Vault } from '../vault.js';

/** Who is sent signed messages. */
export interface Recipient {
  kind: 'buyer' | 'seller';
  id: string;
}

/** More than this many secrets at once are nobody's plan; the oldest stops earlier. */
const MOST_PREVIOUS = 3;

/** As Standard Webhooks asks: 24 to 64 random bytes, base64, with a prefix that names what it is. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** A wrapped secret can be unwrapped only for whom it was made. */
const contextOf = ({ kind, id }: Recipient): string => `signing secret of ${kind} ${id}`;

/** A new secret for a buyer or seller, or the plain one of an earlier release, as it is stored. */
export function makeSigning(vault: Vault, recipient: Recipient, secret = newSecret()): SigningSecrets {
  return { current: wrap(vault.masterKeys(), recipient, secret), version: 1 };
}

const wrap = (masterKeys: MasterKeys, recipient: Recipient, secret: string): WrappedKey =>
  masterKeys.wrap(Buffer.from(secret), contextOf(recipient));

/** Secrets in force when it is called, the newest first. They are unwrapped when they are first asked for. */
export type SecretsInForce = () => readonly string[];

/** @throws MasterKeyError, when it is called, if a secret can't be unwrapped with the master keys that are set */
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

/** The secrets of one buyer or seller, and until when those before the newest sign as well. */
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
 * Gives a buyer or a seller a new secret. The present one signs as well for `overlapMs`, so that its owner can install the
 * new one without a message being refused. Without an overlap all older secrets end at once, because one of them may have
 * leaked. Undefined if there is no such buyer or seller.
 * @param by who has it rotated, for the audit, which holds neither of the secrets
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
  return client.withSession((session) =>
    session.withTransaction(async () => {
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
    }),
  );
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
 * Puts the secrets that an earlier release stored as they are under the current master key, and makes one if it made none:
 * one update for each buyer and seller, and none the next time.
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

/** Wraps every signing secret by the current master key. @returns how many buyers and sellers needed it */
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

/** Takes secrets that sign no more out of the database. @returns of how many buyers and sellers */
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
  /** What must still hold; else the secret was changed meanwhile, by somebody who knew better. */
  filter: Filter<WithSigning>;
  update: UpdateFilter<WithSigning>;
}

/** Changes the secrets of sellers and buyers, one after another. @returns how many were changed */
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
