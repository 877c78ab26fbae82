import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliActor } from '../../cli/actor.js';
import type { Database } from '../../store/db.js';
import { createKey, findKey, inForce } from '../../store/keys.js';

/**
 * The API key that the demo prints. The database has only its hash, so the key itself is kept in a file that only its
 * owner can read; where that one is not in force any more a new one is made.
 */
export async function demoKey(database: Database, dir: string, seller: string): Promise<string> {
  const file = join(dir, 'demo-key');
  const before = read(file);
  const known = before === '' ? null : await findKey(database, before);
  if (known?.seller === seller && inForce(known, new Date())) return before;
  const { key } = await createKey(database, { seller, test: false }, cliActor());
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
