import { rmSync } from 'node:fs';
import type { ServerAddresses, ServerName } from '../../src/local/servers/localServer.js';
import { withoutServers } from '../../src/local/runDir.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import { scratchDir } from '../support/scratchDir.js';

/** Servers for one test, for faults that shared servers can't have. */
export interface OwnServers {
  addresses: ServerAddresses;
  /** Folder of their data and logs. */
  dir: string;
  /** kill -9 of all of them. */
  kill(): Promise<void>;
  /** SIGSTOP: suspends them with their connections open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Restarts them on the same ports with their data. */
  restart(): Promise<void>;
  /** Stops them gracefully; their files stay until `close`. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** @param dir their folder; by default a new one that `close` deletes */
export async function startOwnServers(need: readonly ServerName[], dir = scratchDir()): Promise<OwnServers> {
  const env = withoutServers(process.env);
  const start = (): Promise<Servers> => startServers({ dir, env, need });
  let servers = await start();
  const stop = (): Promise<void> => servers.stop();
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const { pid } of servers.processes.parts) process.kill(-pid, name);
  };
  return {
    get addresses() {
      return servers.addresses;
    },
    dir,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill: async () => {
      const parts = [...servers.processes.parts];
      servers.processes.kill();
      await Promise.all(parts.map(({ ended }) => ended));
      await servers.stop();
    },
    restart: async () => {
      servers = await start();
    },
    stop,
    close: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
