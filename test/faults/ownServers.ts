import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerAddresses, ServerName } from '../../src/local/localServer.js';
import { withoutServers } from '../../src/local/runDir.js';
import { startServers, type Servers } from '../../src/local/servers.js';

/** Servers of one test alone, for what can't be done to those that the tests share. */
export interface OwnServers {
  addresses: ServerAddresses;
  /** Holds their data and their logs. */
  dir: string;
  /** kill -9 of all of them. */
  kill(): Promise<void>;
  /** Starts them anew on the same ports, with what they had kept. */
  restart(): Promise<void>;
  /** Ends them as they should end; their files stay until `close`. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function startOwnServers(need: readonly ServerName[]): Promise<OwnServers> {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  const env = withoutServers(process.env);
  const start = (): Promise<Servers> => startServers({ dir, env, need });
  let servers = await start();
  const { addresses } = servers;
  const stop = (): Promise<void> => servers.stop();
  return {
    addresses,
    dir,
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
