import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../src/config.js';
import { Processes, type Part } from '../../src/local/processes.js';
import { asEnvironment } from './asEnvironment.js';

/** A running `gavel api`, `gavel admin` or `gavel worker`. */
export interface GavelProcess {
  /** What it has printed so far. */
  log(): string;
  /** Lines of its log that have these fields. */
  logged(fields: Record<string, unknown>): Record<string, unknown>[];
  /** kill -9; resolves when it is gone, also when it was so before. */
  kill(): Promise<void>;
  /** SIGSTOP: it stands still, with all its connections open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM. */
  tellToEnd(): void;
  /** Resolves with how it ended: `exit code 0`, `SIGKILL`. */
  ended: Promise<string>;
}

/** One that has just been started; `ready` is the line of its log that says so, and rejects where it ends before. */
export type StartedProcess = GavelProcess & { ready: Promise<Record<string, unknown>> };

type GavelCommand = 'api' | 'admin' | 'worker';

/** The product's own processes for one test, each with a log file; none outlives the test, however that ends. */
export interface GavelProcesses {
  /** Starts one and does not wait for it. */
  start(command: GavelCommand, settings: Settings): StartedProcess;
  /** Resolves when it takes leads. */
  api(settings: Settings): Promise<GavelProcess & { address: string }>;
  /** Resolves when it takes requests of ops. */
  admin(settings: Settings): Promise<GavelProcess & { address: string }>;
  /** Resolves when it takes tasks. */
  worker(settings: Settings): Promise<GavelProcess>;
  /** Everything that each of them has printed. */
  logs(): string[];
  stop(): Promise<void>;
}

/** How long a process may take to be ready on a machine that does much else, ms. */
const PATIENCE_MS = 60_000;

/**
 * @param logs where the processes' logs are kept
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

  const listening = async (command: 'api' | 'admin', settings: Settings) => {
    const { ready, ...gavel } = start(command, settings);
    return { ...gavel, address: String((await ready).address) };
  };

  return {
    start,
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

/** A line of the log; of what is no JSON (a crash, a warning of Node), and of half a line, nothing. */
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
