import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The stack's own value of `MASTER_KEYS`, made the first time, for its owner's eyes only (`MASTER_KEYS_FILE` of
 * src/config.ts). It stays as long as the database beside it, whose leads can't be read without it.
 */
export function localMasterKeys(dir: string): string {
  const file = join(dir, 'master-keys');
  if (!existsSync(file)) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(`${file}.new`, `local:${randomBytes(32).toString('base64')}`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8');
}
