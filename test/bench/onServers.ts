import { rmSync } from 'node:fs';
import type { Progress } from '../../src/terminal/progress.js';
import { runDir, withoutServers } from '../../src/local/runDir.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import { endOf } from '../../src/local/localStack.js';

/** A run of the bench, as whoever started it sees it. */
export interface Run {
  progress: Progress;
  /** Ends it before it is done. */
  signal: AbortSignal;
  /** Given what ends every part at once, for those who do not want to wait. */
  onKill: (kill: () => void) => void;
}

/**
 * Does work on servers of its own, which end with it; `dir` holds their data and every log. Undefined when it was told
 * to end.
 * @throws LocalStackError when a part can't be started or ends by itself
 */
export async function onServers<T>(
  { progress, signal, onKill }: Run,
  work: (dir: string, servers: Servers) => Promise<T>,
): Promise<T | undefined> {
  const dir = runDir('bench');
  const servers = await startServers({ dir, env: withoutServers(process.env), progress, signal });
  onKill(() => servers.processes.kill());
  try {
    return await Promise.race([endOf(servers, signal), work(dir, servers)]);
  } finally {
    progress('ending');
    await servers.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
