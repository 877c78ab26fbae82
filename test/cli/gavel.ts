import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { nodeArguments } from '../../src/local/gavelProcess.js';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real command line in a process of its own, with this environment and no other settings. */
export async function gavel(args: string[], env: Record<string, string>, input = ''): Promise<Ran> {
  const child = spawnGavel(args, env);
  child.stdin?.end(input);
  const ended = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
}

/** Starts it with a channel for messages, as whoever supervises it may. */
export function spawnGavel(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, nodeArguments('cli/gavel', ...args), {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
}

const read = (stream: NodeJS.ReadableStream | null): Promise<string> =>
  stream ? text(stream) : Promise.resolve('');
