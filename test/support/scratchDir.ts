import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../src/local/processes/lock.js';

/** A file system in memory, on Linux. */
const MEMORY = '/dev/shm';
/** The servers of a whole run write about a tenth of this. */
const ENOUGH_BYTES = 1 << 30;

/** Where tests keep files. Databases wait for the disk at each commit, so memory is used if it has room. */
function parent(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A new folder for the data of servers. The caller removes it; `removeOldScratchDirs` removes it if this process dies. */
export function scratchDir(): string {
  const dir = parent();
  mkdirSync(dir, { recursive: true });
  return mkdtempSync(join(dir, `gavel-test-${process.pid}-`));
}

/** Removes the folders of processes that do not run any more. */
export function removeOldScratchDirs(): void {
  const dir = parent();
  for (const name of readdirSync(dir)) {
    const [, pid] = /^gavel-test-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dir, name), { recursive: true, force: true });
  }
}
