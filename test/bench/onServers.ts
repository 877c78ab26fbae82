import { rmSync } from 'node:fs';
import type { Progress } from '../../src/terminal/progress.js';
import { runDir, withoutServers } from './runDir.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import { endOf } from '../../src/local/localStack.js';

/** Control of a bench run. */
export interface Run {
  progress: Progress;
  /** Aborts the run. */
  signal: AbortSignal;
  /** Receives a function that kills all processes at once. */
  onKill: (kill: () => void) => void;
  /** Starts another Temporal than the development server; returns its address. */
  startTemporal?: (servers: Servers, dir: string) => Promise<string>;
}

/**
 * Does work on separate servers, which are stopped afterwards; `dir` holds their data and all logs. Undefined if aborted.
 * @throws LocalStackError if a process can't be started or ends by itself
 */
export async function onServers<T>(
  { progress, signal, onKill, startTemporal }: Run,
  work: (dir: string, servers: Servers) => Promise<T>,
): Promise<T | undefined> {
  const dir = runDir('bench');
  const servers = await startServers({
    ...{ dir, env: withoutServers(process.env), progress, signal },
    need: startTemporal ? ['redis', 'mongodb'] : undefined,
  });
  onKill(() => servers.processes.kill());
  const start = async (): Promise<T> => {
    if (startTemporal === undefined) return work(dir, servers);
    const TEMPORAL_ADDRESS = await startTemporal(servers, dir);
    return work(dir, { ...servers, addresses: { ...servers.addresses, TEMPORAL_ADDRESS } });
  };
  try {
    return await Promise.race([endOf(servers, signal), start()]);
  } finally {
    progress('ending');
    await servers.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
