import { rmSync } from 'node:fs';
import type { ServerAddresses, ServerName } from '../../src/local/servers/localServer.js';
import { withoutServers } from '../../src/local/runDir.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import { scratchDir } from '../support/scratchDir.js';

/** Servers of one test alone, for what can't be done to those that the tests share. */
export interface OwnServers {
  addresses: ServerAddresses;
  /** Holds their data and their logs. */
  dir: string;
  /** kill -9 of all of them. */
  kill(): Promise<void>;
  /** SIGSTOP: they stand still, with all their connections open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Starts them anew on the same ports, with what they had kept. */
  restart(): Promise<void>;
  /** Ends them as they should end; their files stay until `close`. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** @param dir where they keep their files; a new one that is gone after `close` unless given */
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
