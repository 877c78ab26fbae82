import { auditDocument, type Actor } from '../audit.js';
import type { Database } from '../db.js';
import { inTransaction } from '../transaction.js';
import type { AuditEvent, SecretDocument } from '../documents.js';
import { rewrapKey } from '../masterKeys.js';
import type { Vault } from '../vault.js';

/*
 * Secrets that the market file refers to by name: those of senders, `{{secret:NAME}}`, and a buyer's own keys and
 * passwords, `{{ secret.NAME }}` in its protocol. Nothing shows them again.
 */

/** What identifies a named secret: its name, and the buyer to whose protocol alone it belongs. */
export interface SecretName {
  name: string;
  buyer?: string;
}

/** A secret of a name, and when it was set. */
export interface NamedSecret extends SecretName {
  setAt?: Date;
}

/** A buyer's secrets by name; undefined if there is none of the name. */
export type NamedSecrets = (name: string) => string | undefined;

const idOf = ({ name, buyer }: SecretName): `named/${string}` =>
  buyer === undefined ? `named/${name}` : `named/${buyer}/${name}`;

/** Of every document that has a named secret. */
const NAMED = { name: { $exists: true } };

/** A named secret can be unwrapped only under its name, and for its buyer. */
const contextOf = ({ name, buyer }: SecretName): string =>
  buyer === undefined ? `named secret ${name}` : `named secret ${name} of buyer ${buyer}`;

/** Stores a secret, or replaces it; it is in force within 2 s. The audit log has its name only. */
export async function setNamedSecret(
  { client, secrets, audit, vault }: Database,
  of: SecretName,
  value: string,
  by: Actor,
): Promise<void> {
  const { name, buyer } = of;
  const key = vault.masterKeys().wrap(Buffer.from(value), contextOf(of));
  await inTransaction(client, async (session) => {
    await secrets.replaceOne(
      { _id: idOf(of) },
      { name, buyer, key, setAt: new Date() },
      { upsert: true, session },
    );
    await audit.insertOne(auditDocument(by, eventOf(of, 'set')), { session });
  });
}

/** @returns false if there is none */
export async function removeNamedSecret(
  { client, secrets, audit }: Database,
  of: SecretName,
  by: Actor,
): Promise<boolean> {
  return inTransaction(client, async (session) => {
    const { deletedCount } = await secrets.deleteOne({ _id: idOf(of) }, { session });
    if (deletedCount === 0) return false;
    await audit.insertOne(auditDocument(by, eventOf(of, 'removed')), { session });
    return true;
  });
}

const eventOf = ({ name, buyer }: SecretName, did: 'set' | 'removed'): AuditEvent =>
  buyer === undefined
    ? { kind: 'secret', id: name, did, values: [] }
    : { kind: 'buyer', id: buyer, did: `secret ${did}`, values: [{ path: `secrets.${name}` }] };

/**
 * All named secrets in the order of their names, or those of one buyer; never the secrets themselves.
 * @param buyer undefined for all
 */
export async function listNamedSecrets(
  { secrets }: Pick<Database, 'secrets'>,
  buyer?: string,
): Promise<NamedSecret[]> {
  const found = await secrets
    .find(buyer === undefined ? NAMED : { buyer }, { projection: { key: 0 }, sort: { _id: 1 } })
    .toArray();
  return found.map(({ name = '', buyer: of, setAt }) => ({ name, buyer: of, setAt }));
}

/**
 * The secret of a name that is no buyer's; undefined if there is none.
 * @throws MasterKeyError if it can't be unwrapped with the configured master keys
 */
export async function findNamedSecret(
  { secrets, vault }: Pick<Database, 'secrets' | 'vault'>,
  name: string,
): Promise<string | undefined> {
  const found = await secrets.findOne({ _id: idOf({ name }) });
  return found === null ? undefined : vault.masterKeys().unwrap(found.key, contextOf({ name })).toString();
}

/** The stored secrets of these buyers, for `namedSecretsOf`. */
export async function loadBuyersSecrets(
  { secrets }: Pick<Database, 'secrets'>,
  buyers: readonly string[],
): Promise<SecretDocument[]> {
  return secrets.find({ buyer: { $in: [...buyers] } }).toArray();
}

/** @throws MasterKeyError from the returned function, if a secret can't be unwrapped with the configured master keys */
export function namedSecretsOf(
  vault: Pick<Vault, 'masterKeys'>,
  stored: readonly SecretDocument[],
  buyer: string,
): NamedSecrets {
  const unwrapped = new Map<string, string>();
  return (name) => {
    const known = unwrapped.get(name);
    if (known !== undefined) return known;
    const found = stored.find(({ _id }) => _id === idOf({ name, buyer }));
    if (found === undefined) return undefined;
    const secret = vault.masterKeys().unwrap(found.key, contextOf({ name, buyer })).toString();
    unwrapped.set(name, secret);
    return secret;
  };
}

/** Wraps every named secret with the current master key. */
export async function rewrapNamedSecrets({
  secrets,
  vault,
}: Pick<Database, 'secrets' | 'vault'>): Promise<void> {
  const masterKeys = vault.masterKeys();
  const others = { ...NAMED, 'key.masterKey': { $ne: masterKeys.current } };
  for await (const { _id, key, name = '', buyer } of secrets.find(others)) {
    // One that was set meanwhile is under the current master key already.
    await secrets.updateOne(
      { _id, 'key.masterKey': key.masterKey },
      { $set: { key: rewrapKey(masterKeys, key, contextOf({ name, buyer })) } },
    );
  }
}
