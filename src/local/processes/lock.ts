import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { addressesFile, KEY_FILES } from '../addressesFile.js';
import { LocalStackError } from './localStackError.js';

/** Whether a process with this id runs (also one of another user). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie has ended, and its parent has not collected its exit code.
    return statOf(pid)[STATE] !== 'Z';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export interface Lock {
  path: string;
  /** Adds a process that holds the lock while it runs. It releases the lock if this process is killed. */
  share(pid: number): void;
  release(): void;
}

/**
 * Takes a directory's lock, so that two stacks never share one state. A lock whose process is gone is taken over, once
 * the parts that it left behind have been ended.
 * @throws LocalStackError when a running process holds it
 */
export async function takeLock(dir: string): Promise<Lock> {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'lock');
  const own = join(dir, `lock.${process.pid}`);
  writeFileSync(own, holder(process.pid));
  try {
    // Linking is atomic and fails if the name exists, so the lock always has its content.
    while (!link(own, path)) {
      const [owner, cleaner] = holdersOf(path);
      if (owner !== undefined && isHeldBy(owner)) throw running(dir, owner);
      if (cleaner !== undefined && isHeldBy(cleaner)) await sleep(50);
      else rmSync(path, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
  const release = (): void => {
    process.off('exit', release);
    rmSync(path, { force: true });
  };
  process.on('exit', release);
  const share = (pid: number): void => {
    process.off('exit', release);
    writeFileSync(own, `${holder(process.pid)}\n${holder(pid)}`);
    renameSync(own, path);
  };
  return { path, share, release };
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A process as a lock names it: its id and, if known, its start time, because ids are reused. */
const holder = (pid: number): string => `${pid} ${startOf(pid)}`.trim();

const isHeldBy = (text: string): boolean => isAlive(pidOf(text)) && holder(pidOf(text)) === text;

const pidOf = (text: string): number => Number(text.split(' ')[0]);

const startOf = (pid: number): string => statOf(pid)[START] ?? '';

/** Fields 3 and 22 of /proc/PID/stat (proc_pid_stat(5)). */
const STATE = 0;
const START = 19;

/** The fields after the name, which may itself have spaces. None on other systems than Linux. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return [];
  }
}

function holdersOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((text) => /^[1-9]\d*( \d+)?$/.test(text));
  } catch {
    return [];
  }
}

function running(dir: string, owner: string): LocalStackError {
  return new LocalStackError(
    `The stack in ${dir} is already running (process ${pidOf(owner)}). Use it, or stop it first (Ctrl-C in its terminal).${whereIn(dir)}`,
  );
}

/** Where the parts of a running stack are, as far as it has started. */
function whereIn(dir: string): string {
  let known: Partial<Record<string, string>>;
  try {
    const content: unknown = JSON.parse(readFileSync(addressesFile(dir), 'utf8'));
    known = Value.Parse(Type.Record(Type.String(), Type.String()), content);
  } catch {
    return ' It is still starting.';
  }
  const { PORT, ADMIN_PORT, TEMPORAL_ADDRESS, TEMPORAL_UI_URL } = known;
  const keyIn = (name: string): string | undefined => {
    const file = join(dir, name);
    return existsSync(file) ? `in ${file}` : undefined;
  };
  const where = {
    API: PORT && `http://127.0.0.1:${PORT}`,
    Docs: PORT && `http://127.0.0.1:${PORT}/docs`,
    'Admin API': ADMIN_PORT && `http://127.0.0.1:${ADMIN_PORT}`,
    Temporal: TEMPORAL_ADDRESS,
    'Temporal UI': TEMPORAL_UI_URL,
    'Live key': keyIn(KEY_FILES.live),
    'Test key': keyIn(KEY_FILES.test),
    'Buyer key': keyIn(KEY_FILES.buyer),
  };
  const lines = Object.entries(where).flatMap(([name, value]) =>
    value === undefined ? [] : `\n${name.padEnd(11)}  ${value}`,
  );
  return `\n${lines.join('')}`;
}
