import { SettingsError } from '../config.js';
import { decrypt, encrypt, KEY_BYTES } from './cipher.js';
import type { WrappedKey } from './documents.js';

/** The keys that wrap all other keys. They are only in the settings, never in the database. */
export interface MasterKeys {
  /** Id of the key that wraps new keys. */
  current: string;
  /** @param context what the key is for; unwrapping needs the same context */
  wrap(key: Buffer, context: string): WrappedKey;
  /** @throws MasterKeyError */
  unwrap(key: WrappedKey, context: string): Buffer;
}

/** A key can't be unwrapped with the configured master keys. The message names the missing one. */
export class MasterKeyError extends SettingsError {
  override name = 'MasterKeyError';
}

/**
 * Reads the setting `MASTER_KEYS`: `id:base64`, separated by commas, the current key first.
 * @throws SettingsError if there are none, or if two have the same id
 */
export function readMasterKeys(setting: string | undefined): MasterKeys {
  const keys = parse(setting);
  const [first] = keys;
  if (first === undefined) throw new SettingsError(NONE);
  const [current, currentKey] = first;
  const byId = new Map(keys);
  if (byId.size < keys.length)
    throw new SettingsError('MASTER_KEYS has two keys with the same id; give each its own id.');
  return {
    current,
    wrap: (key, context) => ({ masterKey: current, wrapped: encrypt(currentKey, key, context) }),
    unwrap: ({ masterKey, wrapped }, context) => {
      const key = byId.get(masterKey);
      if (key === undefined) throw new MasterKeyError(absent(masterKey, [...byId.keys()]));
      try {
        return decrypt(key, wrapped, context);
      } catch {
        throw new MasterKeyError(
          `The master key "${masterKey}" of MASTER_KEYS is not the one that was used here.`,
        );
      }
    },
  };
}

/** The same key, wrapped by the current master key. */
export const rewrapKey = (masterKeys: MasterKeys, key: WrappedKey, context: string): WrappedKey =>
  masterKeys.wrap(masterKeys.unwrap(key, context), context);

const NONE =
  'MASTER_KEYS is not set; it encrypts personal data and signing secrets. Set it to the value that the API and the worker have.';

const absent = (id: string, present: string[]): string =>
  `MASTER_KEYS has no key "${id}", which was used here (it has ${present.join(', ')}). Add it after the others.`;

function parse(setting = ''): [id: string, key: Buffer][] {
  return setting
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [id = '', key = ''] = part.split(':');
      const bytes = Buffer.from(key, 'base64');
      if (bytes.length !== KEY_BYTES)
        throw new SettingsError(`The key "${id}" of MASTER_KEYS must be ${KEY_BYTES} bytes in base64.`);
      return [id, bytes];
    });
}
