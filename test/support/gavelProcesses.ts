import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../src/config.js';
import { Processes, type Part } from '../../src/local/processes/processes.js';
import { asEnvironment } from './asEnvironment.js';

/** A running `gavel serve`, `gavel api`, `gavel admin` or `gavel worker`. */
export interface GavelProcess {
  /** Its output so far. */
  log(): string;
  /** Log lines with these fields. */
  logged(fields: Record<string, unknown>): Record<string, unknown>[];
  /** kill -9; resolves when the process is gone, also if it was gone before. */
  kill(): Promise<void>;
  /** SIGSTOP: suspends it with its connections open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM. */
  tellToEnd(): void;
  /** Resolves with the exit code or signal: `exit code 0`, `SIGKILL`. */
  ended: Promise<string>;
}

/** A started process. `ready` resolves with its ready log line and rejects if the process ends before. */
export type StartedProcess = GavelProcess & { ready: Promise<Record<string, unknown>> };

type GavelCommand = 'serve' | 'api' | 'admin' | 'worker';

/** The product's processes for one test, each with a log file. All end with the test. */
export interface GavelProcesses {
  /** Starts one and does not wait for it. */
  start(command: GavelCommand, settings: Settings): StartedProcess;
  /** Resolves when the API takes leads and the worker in its process polls. */
  serve(settings: Settings): Promise<GavelProcess & { address: string }>;
  /** Resolves when the API takes leads. */
  api(settings: Settings): Promise<GavelProcess & { address: string }>;
  /** Resolves when the admin API takes requests. */
  admin(settings: Settings): Promise<GavelProcess & { address: string }>;
  /** Resolves when the worker polls. */
  worker(settings: Settings): Promise<GavelProcess>;
  /** The output of each process. */
  logs(): string[];
  stop(): Promise<void>;
}

/** Time limit for a process to be ready on a busy machine, ms. */
const PATIENCE_MS = 60_000;

/**
 * @param logs folder of the processes' logs
 * @param program Node's arguments that run `gavel`
 */
export function gavelProcesses(logs: string, program: string[]): GavelProcesses {
  const processes = new Processes(logs);
  const started: GavelProcess[] = [];

  function start(command: GavelCommand, settings: Settings): StartedProcess {
    const part = processes.start({
      name: `${command}-${started.length + 1}`,
      command: process.execPath,
      args: [...program, command],
      env: { ...process.env, ...asEnvironment(settings), NODE_ENV: '' },
    });
    const gavel = described(part);
    started.push(gavel);
    return { ...gavel, ready: readyOf(part, gavel) };
  }

  const listening = async (command: 'serve' | 'api' | 'admin', settings: Settings) => {
    const { ready, ...gavel } = start(command, settings);
    return { ...gavel, address: String((await ready).address) };
  };

  return {
    start,
    serve: (settings) => listening('serve', settings),
    api: (settings) => listening('api', settings),
    admin: (settings) => listening('admin', settings),
    worker: async (settings) => {
      const { ready, ...gavel } = start('worker', settings);
      await ready;
      return gavel;
    },
    logs: () => started.map((gavel) => gavel.log()),
    stop: async () => {
      processes.kill();
      await processes.stop();
    },
  };
}

function described(part: Part): GavelProcess {
  const log = (): string => readFileSync(part.log, 'utf8');
  return {
    log,
    logged: (fields) =>
      log()
        .split('\n')
        .flatMap(entryOf)
        .filter((entry) => Object.entries(fields).every(([name, value]) => entry[name] === value)),
    kill: async () => {
      part.child.kill('SIGKILL');
      await part.ended;
    },
    pause: () => {
      part.child.kill('SIGSTOP');
    },
    resume: () => {
      part.child.kill('SIGCONT');
    },
    tellToEnd: () => {
      part.child.kill('SIGTERM');
    },
    ended: part.ended,
  };
}

/** Parses a log line. Other text (a crash, a warning of Node, half a line) gives no line. */
function entryOf(line: string): Record<string, unknown>[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? [{ ...entry }] : [];
  } catch {
    return [];
  }
}

async function readyOf(part: Part, gavel: GavelProcess): Promise<Record<string, unknown>> {
  let died: string | undefined;
  void part.ended.then((how) => (died = how));
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const [ready] = gavel.logged({ event: 'ready' });
    if (ready) return ready;
    if (died !== undefined) throw new Error(`${part.name} has ended (${died}): ${gavel.log()}`);
    await sleep(50);
  }
  throw new Error(`${part.name} was not ready after ${PATIENCE_MS / 1000} s: ${gavel.log()}`);
}
