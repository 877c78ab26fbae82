import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../../../src/config.js';
import type { GavelProcesses, StartedProcess } from '../../support/gavelProcesses.js';
import type { OwnServers } from '../ownServers.js';

export const SERVERS = ['database', 'temporal', 'counters'] as const;
export const APIS = ['api-1', 'api-2'] as const;
export const WORKERS = ['worker-1', 'worker-2'] as const;

export type ServerName = (typeof SERVERS)[number];
export type ApiName = (typeof APIS)[number];
export type WorkerName = (typeof WORKERS)[number];
export type ProcessName = ApiName | WorkerName;
export type PartName = ServerName | ProcessName;

export const PROCESSES: readonly ProcessName[] = [...APIS, ...WORKERS];
export const PARTS: readonly PartName[] = [...SERVERS, ...PROCESSES];

/** A running part that faults can affect. */
export interface Part {
  /** kill -9. */
  kill(): Promise<void>;
  /** Restarts it with its data, and waits until it answers. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface ProcessPart extends Part {
  /** Sends SIGTERM and waits for the exit. */
  end(): Promise<void>;
  /** Sets the build id of the next worker. */
  renew(build: string): void;
  /** The address of an API. */
  address(): string;
}

export const serverPart = (server: OwnServers): Part => ({
  kill: () => server.kill(),
  start: () => server.restart(),
  pause: () => server.pause(),
  resume: () => server.resume(),
});

/** Exits of processes that the test did not stop. */
export interface Deaths {
  /** While running: a violation. */
  sudden: string[];
  /** At start, because a server was down: a supervisor restarts them, as this test does. */
  atStart: number;
  /** The run is over: nothing is restarted. */
  isOver: boolean;
}

const AGAIN_MS = 500;

/** A slot for a product process, with a supervisor that restarts it when it exits unexpectedly. */
export function processPart(
  name: ProcessName,
  settings: Settings,
  processes: GavelProcesses,
  deaths: Deaths,
): ProcessPart {
  const command = name.startsWith('api') ? 'api' : 'worker';
  const told = new Set<StartedProcess>();
  let running: StartedProcess | undefined;
  let build: Partial<Settings> = {};
  let address = '';

  async function start(): Promise<void> {
    while (!deaths.isOver) {
      const one = processes.start(command, { ...settings, ...build });
      running = one;
      const ready = await one.ready.catch(() => undefined);
      if (ready !== undefined) {
        address = String(ready.address);
        void one.ended.then((how) => {
          if (!told.has(one)) void diedSuddenly(one, how);
        });
        return;
      }
      if (told.has(one)) return;
      told.add(one);
      await one.kill();
      deaths.atStart += 1;
      await sleep(AGAIN_MS);
    }
  }

  async function diedSuddenly(one: StartedProcess, how: string): Promise<void> {
    if (deaths.isOver) return;
    const lastWords = one.log().trimEnd().split('\n').slice(-5).join('\n  ');
    deaths.sudden.push(`${name} (${how}):\n  ${lastWords}`);
    await start();
  }

  async function finish(by: (one: StartedProcess) => void): Promise<void> {
    if (running === undefined) return;
    told.add(running);
    by(running);
    await running.ended;
  }

  return {
    start,
    kill: () => finish((one) => void one.kill()),
    end: () => finish((one) => one.tellToEnd()),
    pause: () => running?.pause(),
    resume: () => running?.resume(),
    renew: (id) => void (build = { BUILD_ID: id }),
    address: () => address,
  };
}
