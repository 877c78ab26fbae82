import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the addresses of the stack in a folder are, for as long as it runs. */
export const addressesFile = (dir: string): string => join(dir, 'addresses.json');

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
