import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerAddresses, ServerName } from '../../src/local/servers/localServer.js';
import { withoutServers } from '../bench/runDir.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import { startPostgresql, startTemporal } from '../bench/clusterServers.js';
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
export const startOwnServers = (need: readonly ServerName[], dir = scratchDir()): Promise<OwnServers> =>
  own(dir, () => startServers({ dir, env: withoutServers(process.env), need }));

/** Temporal on PostgreSQL instead of the development server. `kill`, `pause` and `restart` don't affect PostgreSQL. */
export async function startOwnCluster(dir: string): Promise<OwnServers> {
  const bare = (folder: string): Promise<Servers> =>
    startServers({ dir: folder, env: withoutServers(process.env), need: [] });
  const below = await bare(join(dir, 'below'));
  try {
    const postgresql = await startPostgresql(below, join(dir, 'below'));
    const temporal = await own(dir, async () => {
      const servers = await bare(dir);
      try {
        const TEMPORAL_ADDRESS = await startTemporal(servers, dir, postgresql);
        return { ...servers, addresses: { TEMPORAL_ADDRESS } };
      } catch (error) {
        await servers.stop();
        throw error;
      }
    });
    const stop = async (): Promise<void> => {
      await temporal.stop();
      await below.stop();
    };
    return { ...temporal, stop, close: () => stop().then(() => temporal.close()) };
  } catch (error) {
    await below.stop();
    throw error;
  }
}

async function own(dir: string, start: () => Promise<Servers>): Promise<OwnServers> {
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
