import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { isAlive } from '../../src/local/processes/lock.js';

/** An empty folder that is deleted after the test. */
export function emptyDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits until all of the processes have ended. */
export async function allGone(pids: number[]): Promise<void> {
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
}
