import { execFile, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { copyFileSync, existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { expect, vi } from 'vitest';
import { isAlive } from '../../src/local/processes/lock.js';
import { packageRoot } from '../../src/packageRoot.js';

const run = promisify(execFile);

/** The JSON output of a stack with the demo when it is ready. */
const Ready = Type.Object({
  api: Type.String(),
  docs: Type.String(),
  admin: Type.String(),
  temporalUi: Type.String(),
  servers: Type.Record(Type.String(), Type.String()),
  demo: Type.Object({
    keys: Type.Object({ live: Type.String(), test: Type.String(), buyer: Type.String() }),
    answer: Type.Object({ ms: Type.Number(), answer: Type.Object({ lead_id: Type.String() }) }),
    buyers: Type.Array(Type.Unknown()),
    workflow: Type.String(),
    curl: Type.String(),
  }),
});
export type Ready = Static<typeof Ready>;

/** Exit of a stack. */
export interface Ended {
  code: number | null;
  stderr: string;
}

export interface RunningStack {
  ready: Ready;
  /** The started process: npm. */
  child: ChildProcess;
  /** The stack's own process. */
  pid: number;
  /** Its child processes: pid and command line. */
  parts: { pid: number; args: string }[];
  /** Its output so far. */
  said: () => string;
  ended: Promise<Ended>;
}

/** Makes a folder look like a clone, so that `npm start` keeps its state there. */
export function likeAClone(dir: string): string {
  copyFileSync(join(packageRoot, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(packageRoot, 'scripts'), join(dir, 'scripts'));
  return dir;
}

const started: ChildProcess[] = [];

/** Stops stacks left by failed tests: a stack ends with its npm. */
export function killStacks(): void {
  for (const child of started) child.kill('SIGKILL');
}

/** `npm start -- --json` in that folder; resolves when it is ready. */
export async function npmStart(dir: string): Promise<RunningStack> {
  const child = spawnNpmStart(dir);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stderr: said }));
  });
  const line = await firstLine(child);
  if (line === '') throw new Error(`The stack has ended: ${(await ended).stderr}`);
  const ready = Value.Parse(Ready, JSON.parse(line));
  return { ready, child, said: () => said, ended, ...(await processesOf(child)) };
}

/** The same, only until its servers run and its own processes are starting. */
export async function npmStarting(dir: string): Promise<Pick<RunningStack, 'child' | 'pid' | 'parts'>> {
  const child = spawnNpmStart(dir);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Starting buyers, API')) resolve();
    });
    child.once('exit', () => reject(new Error(`The stack has ended: ${said}`)));
  });
  return { child, ...(await processesOf(child)) };
}

function spawnNpmStart(dir: string): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn('npm', ['start', '--silent', '--', '--json'], {
    cwd: dir,
    env: environment(dir),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  return child;
}

/** The stack's process, started by npm, and the processes that it has started so far. */
async function processesOf({ pid }: ChildProcess): Promise<Pick<RunningStack, 'pid' | 'parts'>> {
  const [main] = await childrenOf(pid ?? 0);
  if (main === undefined) throw new Error('npm has no child');
  return { pid: main.pid, parts: await partsOf(main) };
}

/** The current processes of a stack. */
export const partsOf = ({ pid }: Pick<RunningStack, 'pid'>): Promise<RunningStack['parts']> =>
  childrenOf(pid);

/** Isolates it from the outer run: no server addresses, no port, and npm's cache in the folder. */
function environment(dir: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return {
    PATH,
    HOME,
    PORT: '0',
    ADMIN_PORT: '0',
    npm_config_cache: join(dir, 'npm'),
    npm_config_update_notifier: 'false',
  };
}

async function firstLine({ stdout }: { stdout: Readable }): Promise<string> {
  let said = '';
  for await (const chunk of stdout) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  return said;
}

/** The child processes of a process. */
async function childrenOf(parent: number): Promise<{ pid: number; args: string }[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return [...stdout.matchAll(/^ *(\d+) +(\d+) (.*)$/gm)]
    .filter(([, , ppid]) => Number(ppid) === parent)
    .map(([, pid, , args = '']) => ({ pid: Number(pid), args }));
}

/** Checks that neither the stack's process nor its children exist, and that no lock is left. */
export async function nothingIsLeft(
  dir: string,
  { pid, parts }: Pick<RunningStack, 'pid' | 'parts'>,
): Promise<void> {
  const pids = [pid, ...parts.map((part) => part.pid)];
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 20_000 });
  const signs = ['lock', 'addresses.json'].map((name) => join(dir, '.local', name));
  await vi.waitFor(() => expect(signs.filter(existsSync)).toEqual([]), { timeout: 10_000 });
}
