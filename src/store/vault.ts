import type { Collection } from 'mongodb';
import { readMasterKeys, type MasterKeys } from './masterKeys.js';
import { loadHash, type KeyedHash } from './secrets.js';
import type { SecretDocument } from './documents.js';

/** The keys that encrypt and hash the personal data of one database. Each is loaded on first use. */
export interface Vault {
  /** @throws SettingsError if the process has none */
  masterKeys(): MasterKeys;
  /**
   * Loaded from the database once per process.
   * @throws MasterKeyError if the configured master keys are not those of this database
   */
  hash(): Promise<KeyedHash>;
}

export function openVault(setting: string | undefined, secrets: Collection<SecretDocument>): Vault {
  let masterKeys: MasterKeys | undefined;
  let hash: Promise<KeyedHash> | undefined;
  const vault: Vault = {
    masterKeys: () => (masterKeys ??= readMasterKeys(setting)),
    hash: async () => {
      hash ??= loadHash(secrets, vault.masterKeys());
      try {
        return await hash;
      } catch (error) {
        // The next caller tries again: the database may be reachable by then.
        hash = undefined;
        throw error;
      }
    },
  };
  return vault;
}
