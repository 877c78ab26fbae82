import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the addresses of the stack in a folder are, for as long as it runs. */
export const addressesFile = (dir: string): string => join(dir, 'addresses.json');

/** Where in the folder of a stack the keys of the demo are. */
export const KEY_FILES = { live: 'demo-key', test: 'demo-test-key', buyer: 'demo-buyer-key' } as const;

/**
 * Leaves the addresses of the running stack for the commands beside it (`ADDRESSES_FILE` of src/config.ts).
 * @returns a function that takes them away again; the end of the process does so too
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
