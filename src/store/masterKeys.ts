import { SettingsError } from '../config.js';
import { decrypt, encrypt, KEY_BYTES } from './cipher.js';
import type { WrappedKey } from './documents.js';

/** The keys above all others. They are in the settings and never in the database. */
export interface MasterKeys {
  /** Id of the one that wraps whatever is new. */
  current: string;
  /** @param context what the key is for; it is unwrapped with the same context only */
  wrap(key: Buffer, context: string): WrappedKey;
  /** @throws MasterKeyError */
  unwrap(key: WrappedKey, context: string): Buffer;
}

/** What was wrapped can't be unwrapped with the master keys that are set; the message says which one is needed. */
export class MasterKeyError extends SettingsError {
  override name = 'MasterKeyError';
}

/**
 * The master keys of the setting `MASTER_KEYS`: `id:base64`, separated by commas, the current one first.
 * @throws SettingsError where there are none, or where two share an id
 */
export function readMasterKeys(setting: string | undefined): MasterKeys {
  const keys = parse(setting);
  const [first] = keys;
  if (first === undefined) throw new SettingsError(NONE);
  const [current, currentKey] = first;
  const byId = new Map(keys);
  if (byId.size < keys.length)
    throw new SettingsError('MASTER_KEYS has two keys of one id; give each its own.');
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
  'MASTER_KEYS is not set; persons’ data and signing secrets are read and written with it. Give this command the value that the API and the worker have.';

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
        throw new SettingsError(`The key "${id}" of MASTER_KEYS has not ${KEY_BYTES} bytes.`);
      return [id, bytes];
    });
}
