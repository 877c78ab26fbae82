import { rmSync } from 'node:fs';
import type { Progress } from '../../src/terminal/progress.js';
import { runDir, withoutServers } from './runDir.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import type { ServerAddresses, ServerName } from '../../src/local/servers/localServer.js';
import { endOf } from '../../src/local/localStack.js';

const SERVERS: readonly ServerName[] = ['redis', 'mongodb', 'temporal'];

/** Control of a bench run. */
export interface Run {
  progress: Progress;
  /** Aborts the run. */
  signal: AbortSignal;
  /** Receives a function that kills all processes at once. */
  onKill: (kill: () => void) => void;
  /** Replaces a server of the local stack. */
  replaced?: ReplacedServer;
}

export interface ReplacedServer {
  name: ServerName;
  /** Starts the other one; `dir` is for its data. */
  start(servers: Servers, dir: string): Promise<ServerAddresses>;
}

/**
 * Does work on separate servers, which are stopped afterwards; `dir` holds their data and all logs. Undefined if aborted.
 * @throws LocalStackError if a process can't be started or ends by itself
 */
export async function onServers<T>(
  { progress, signal, onKill, replaced }: Run,
  work: (dir: string, servers: Servers) => Promise<T>,
): Promise<T | undefined> {
  const dir = runDir('bench');
  const servers = await startServers({
    ...{ dir, env: withoutServers(process.env), progress, signal },
    need: SERVERS.filter((name) => name !== replaced?.name),
  });
  onKill(() => servers.processes.kill());
  const start = async (): Promise<T> => {
    const others = await replaced?.start(servers, dir);
    return work(dir, { ...servers, addresses: { ...servers.addresses, ...others } });
  };
  try {
    return await Promise.race([endOf(servers, signal), start()]);
  } finally {
    progress('ending');
    await servers.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
