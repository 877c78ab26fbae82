import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalStackError } from './localStackError.js';

/** Whether a process with this id runs (also one of another user). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Takes a directory's lock, so that two stacks never share one state. A lock whose process is gone is taken over.
 * @returns a function that gives it back
 * @throws LocalStackError when a running process holds it
 */
export function takeLock(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'lock');
  const own = join(dir, `lock.${process.pid}`);
  writeFileSync(own, String(process.pid));
  try {
    if (!link(own, path)) {
      const holder = holderOf(path);
      if (holder !== undefined && holder !== process.pid && isAlive(holder)) throw running(dir, holder);
      rmSync(path, { force: true });
      if (!link(own, path)) throw running(dir, holderOf(path));
    }
  } finally {
    rmSync(own, { force: true });
  }
  return () => {
    if (holderOf(path) === process.pid) rmSync(path, { force: true });
  };
}

/** Linking is atomic and fails where the name exists, and the file is never seen without its content. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function running(dir: string, pid: number | undefined): LocalStackError {
  return new LocalStackError(
    `The stack in ${dir} is already running (process ${pid ?? 'unknown'}). Use it, or end it with Ctrl-C there first.${addressesIn(dir)}`,
  );
}

function addressesIn(dir: string): string {
  try {
    const addresses: unknown = JSON.parse(readFileSync(join(dir, 'addresses.json'), 'utf8'));
    return typeof addresses === 'object' && addresses !== null
      ? Object.entries(addresses)
          .map(([name, value]) => `\n  ${name}=${String(value)}`)
          .join('')
      : '';
  } catch {
    return '';
  }
}
