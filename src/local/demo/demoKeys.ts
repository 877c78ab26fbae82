import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliActor } from '../../terminal/currentUser.js';
import type { Database } from '../../store/db.js';
import { createKey, findKey, inForce, type NewKey } from '../../store/keys/apiKeys.js';
import { KEY_FILES } from '../addressesFile.js';
import { SAMPLE } from './sample.js';

export interface DemoKeys {
  /** Sends leads of the demo's seller. */
  live: string;
  /** Sends test leads of the same seller, which nobody pays for. */
  test: string;
  /** With which northwind gives leads back. */
  buyer: string;
}

export async function demoKeys(database: Database, dir: string): Promise<DemoKeys> {
  const { seller } = SAMPLE;
  const source = 'landing-page';
  const kept = (name: keyof DemoKeys, wanted: NewKey): Promise<string> =>
    keptKey(database, join(dir, KEY_FILES[name]), wanted);
  return {
    live: await kept('live', { seller, source, test: false }),
    test: await kept('test', { seller, source, test: true }),
    buyer: await kept('buyer', { buyer: 'northwind', test: false }),
  };
}

/**
 * The database has only a key's hash, so the key itself is kept in a file that only its owner can read. A new one is made
 * if that one was revoked.
 */
async function keptKey(database: Database, file: string, wanted: NewKey): Promise<string> {
  const before = read(file);
  const known = before === '' ? null : await findKey(database, before);
  const isOwn = known?.seller === wanted.seller && known?.buyer === wanted.buyer;
  if (known && isOwn && inForce(known, new Date())) return before;
  const { key } = await createKey(database, wanted, cliActor());
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
