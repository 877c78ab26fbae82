import { rmSync } from 'node:fs';
import type { Progress } from '../local/progress.js';
import { runDir, withoutServers } from '../local/runDir.js';
import { startServers, type Servers } from '../local/servers.js';
import { endOf } from '../local/stack.js';
import { countRoundTrips } from './count.js';
import { measure, type Plan } from './measure.js';
import { report, type Report } from './report.js';
import { startGavel } from './startGavel.js';
import { openWays } from './ways.js';
import { openWorld } from './world.js';

export interface BenchOptions extends Plan {
  /** Writes CPU profiles of the API and the worker into this folder. */
  profile?: string;
  progress: Progress;
  /** Ends it before it is done. */
  signal: AbortSignal;
  /** Given what ends every part at once, for those who do not want to wait. */
  onKill: (kill: () => void) => void;
}

/**
 * Measures what a lead costs, on servers and processes of its own. Undefined when it was told to end.
 * @throws LocalStackError when a part can't be started or ends by itself
 */
export async function runBench(options: BenchOptions): Promise<Report | undefined> {
  const { progress, signal } = options;
  const dir = runDir('bench');
  const servers = await startServers({ dir, env: withoutServers(process.env), progress, signal });
  options.onKill(() => servers.processes.kill());
  try {
    return await Promise.race([endOf(servers, signal), benchOn(dir, servers, options)]);
  } finally {
    progress('ending');
    await servers.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function benchOn(
  dir: string,
  servers: Servers,
  { progress, profile, ...plan }: BenchOptions,
): Promise<Report> {
  progress('starting buyers and workers');
  const world = await openWorld(dir, servers);
  try {
    progress('counting round trips');
    const counted = await countRoundTrips(world, Math.min(plan.leads, 50));
    progress('starting worker, API');
    const flags = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    const api = await startGavel(dir, servers.processes, world.env, flags);
    const pids = [...servers.processes.parts, { name: 'client', pid: process.pid }];
    const open = openWays(world.settings, world.database, { api, key: world.key });
    try {
      const byName = Object.fromEntries(pids.map(({ name, pid }) => [name, pid]));
      return report(await measure(plan, open, byName, progress), counted);
    } finally {
      await open.close();
    }
  } finally {
    await world.database.client.close();
  }
}
