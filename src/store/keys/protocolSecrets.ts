import { auditDocument, type Actor } from '../audit.js';
import type { Database } from '../db.js';
import { rewrapKey } from '../masterKeys.js';
import type { BuyerDocument } from '../documents.js';
import type { Vault } from '../vault.js';

/*
 * Secrets of a buyer's own protocol: keys, passwords, client secrets. They are wrapped by a master key like the secrets
 * that sign messages, and nothing shows them again.
 */

/** A secret can be unwrapped only for its buyer and its name. */
const contextOf = (buyer: string, name: string): string => `secret ${name} of the protocol of buyer ${buyer}`;

/** A buyer's secrets by name; undefined if there is none of the name. */
export type NamedSecrets = (name: string) => string | undefined;

/** @throws MasterKeyError from the returned function, if a secret can't be unwrapped with the configured master keys */
export function namedSecretsOf(
  vault: Pick<Vault, 'masterKeys'>,
  { _id, secrets = {} }: Pick<BuyerDocument, '_id' | 'secrets'>,
): NamedSecrets {
  const unwrapped = new Map<string, string>();
  return (name) => {
    const known = unwrapped.get(name);
    if (known !== undefined) return known;
    const wrapped = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    if (wrapped === undefined) return undefined;
    const secret = vault.masterKeys().unwrap(wrapped, contextOf(_id, name)).toString();
    unwrapped.set(name, secret);
    return secret;
  };
}

/** The names of a buyer's secrets; undefined if there is no such buyer. */
export async function protocolSecretNames(
  { buyers }: Pick<Database, 'buyers'>,
  buyer: string,
): Promise<string[] | undefined> {
  const found = await buyers.findOne({ _id: buyer }, { projection: { secrets: 1 } });
  return found === null ? undefined : Object.keys(found.secrets ?? {}).sort();
}

/**
 * Stores or removes a secret. Workers use it within two seconds.
 * @param secret undefined removes it
 * @param by the actor, for the audit log, which has the name alone
 * @returns whether there is such a buyer
 */
export async function setProtocolSecret(
  { client, vault, buyers, audit }: Database,
  { buyer, name }: { buyer: string; name: string },
  secret: string | undefined,
  by: Actor,
): Promise<boolean> {
  const path = `secrets.${name}`;
  const update =
    secret === undefined
      ? { $unset: { [path]: '' as const } }
      : { $set: { [path]: vault.masterKeys().wrap(Buffer.from(secret), contextOf(buyer, name)) } };
  return client.withSession((session) =>
    session.withTransaction(async () => {
      const { matchedCount } = await buyers.updateOne({ _id: buyer }, update, { session });
      if (matchedCount === 0) return false;
      const did = secret === undefined ? 'protocol secret removed' : 'protocol secret set';
      const event = {
        kind: 'buyer' as const,
        id: buyer,
        did,
        values: [{ path, to: secret === undefined ? undefined : 'set' }],
      };
      await audit.insertOne(auditDocument(by, event), { session });
      return true;
    }),
  );
}

/**
 * Wraps every such secret with the current master key.
 * @returns the number of buyers that needed it
 */
export async function rewrapProtocolSecrets({
  buyers,
  vault,
}: Pick<Database, 'buyers' | 'vault'>): Promise<number> {
  const masterKeys = vault.masterKeys();
  let changed = 0;
  const found = buyers.find({ secrets: { $exists: true } }, { projection: { secrets: 1 } });
  for await (const { _id, secrets = {} } of found) {
    for (const [name, wrapped] of Object.entries(secrets)) {
      if (wrapped.masterKey === masterKeys.current) continue;
      const path = `secrets.${name}`;
      // One that was replaced meanwhile is under the current master key already.
      const { modifiedCount } = await buyers.updateOne(
        { _id, [`${path}.masterKey`]: wrapped.masterKey },
        { $set: { [path]: rewrapKey(masterKeys, wrapped, contextOf(_id, name)) } },
      );
      changed += modifiedCount;
    }
  }
  return changed;
}
