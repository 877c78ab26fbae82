import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { isAlive } from '../../src/local/processes/lock.js';
import { scratchDir } from '../support/scratchDir.js';

/** An empty folder that is deleted after the test. */
export const emptyDir = (): string => deletedAfterTest(mkdtempSync(join(tmpdir(), 'gavel-')));

/** The same for the data of a server. */
export const emptyDataDir = (): string => deletedAfterTest(scratchDir());

function deletedAfterTest(dir: string): string {
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits until all of the processes have ended. */
export async function allGone(pids: number[]): Promise<void> {
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000 });
}
