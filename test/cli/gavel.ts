import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { runGavel } from '../../src/cli/runGavel.js';
import { SETTINGS, type Settings } from '../../src/config.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { compiledGavel } from '../support/stack.js';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs the command line in this process with only these settings, because a separate process takes seconds to start. One
 * at a time.
 */
export async function gavel(
  args: string[],
  env: Record<string, string>,
  input: string | Readable = '',
  { isTerminal = false }: { isTerminal?: boolean } = {},
): Promise<Ran> {
  const printed = { stdout: '', stderr: '' };
  const into = (name: keyof typeof printed) => (text: string | Uint8Array) => {
    printed[name] += String(text);
    return true;
  };
  for (const name of SETTINGS) vi.stubEnv(name, env[name]);
  const { isTTY } = process.stdout;
  process.stdout.isTTY = isTerminal;
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((text: string) => void into('stdout')(`${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation((text: string) => void into('stderr')(`${text}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation(into('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(into('stderr')),
    vi
      .spyOn(process, 'stdin', 'get')
      .mockImplementation(() => Object.assign(stdinOf(input), { isTTY: isTerminal })),
  ];
  try {
    return { code: await runGavel(['node', 'gavel', ...args]), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.stdout.isTTY = isTTY;
    vi.unstubAllEnvs();
  }
}

/** The command line with the minimal settings of a database command, including the master keys. */
export const onStore =
  ({ MONGODB_URL, MONGODB_DATABASE, MASTER_KEYS, OUTBOUND_ALLOW, OUTBOUND_HTTP }: Settings) =>
  (args: string[], input?: string | Readable, how: { isTerminal?: boolean } = {}): Promise<Ran> => {
    const signs = ['apply', 'secrets'].includes(args[0] ?? '') ? { MASTER_KEYS } : {};
    const needed = { MONGODB_URL, MONGODB_DATABASE, OUTBOUND_ALLOW, OUTBOUND_HTTP, ...signs };
    return gavel(args, asEnvironment(needed), input, how);
  };

const stdinOf = (input: string | Readable): typeof process.stdin =>
  (typeof input === 'string'
    ? Readable.from([Buffer.from(input)])
    : input) as unknown as typeof process.stdin;

/** The same in a separate process. */
export async function gavelProcess(args: string[], env: Record<string, string>, input = ''): Promise<Ran> {
  const child = spawnGavel(args, env);
  child.stdin?.end(input);
  const ended = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
}

/** Starts it with an IPC channel, as a supervisor may. */
export function spawnGavel(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [...compiledGavel(), ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
}

const read = (stream: NodeJS.ReadableStream | null): Promise<string> =>
  stream ? text(stream) : Promise.resolve('');
