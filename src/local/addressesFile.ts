import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const addressesFile = (dir: string): string => join(dir, 'addresses.json');

/** The file with the demo's keys in the folder of a stack. */
export const KEY_FILES = { live: 'demo-key', test: 'demo-test-key', buyer: 'demo-buyer-key' } as const;

/**
 * Writes the addresses of the running stack to a file for other commands (`ADDRESSES_FILE` of src/config.ts).
 * @returns a function that deletes the file; the end of the process deletes it too
 */
export function writeAddresses(dir: string, addresses: Record<string, string>): () => void {
  const file = addressesFile(dir);
  writeFileSync(`${file}.new`, JSON.stringify(addresses, null, 2));
  renameSync(`${file}.new`, file);
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(file, { force: true });
  };
  process.on('exit', remove);
  return remove;
}
