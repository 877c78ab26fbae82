import type { Collection } from 'mongodb';
import { readMasterKeys, type MasterKeys } from './masterKeys.js';
import { loadHash, type KeyedHash } from './secrets.js';
import type { SecretDocument } from './documents.js';

/** The keys that persons' data are encrypted and hashed with, for one database. Each is asked for when it is needed. */
export interface Vault {
  /** @throws SettingsError where the process was given none */
  masterKeys(): MasterKeys;
  /**
   * Read from the database once a process.
   * @throws MasterKeyError where the master keys are not those of this database
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
        // The next to ask tries again: the database may be back.
        hash = undefined;
        throw error;
      }
    },
  };
  return vault;
}
