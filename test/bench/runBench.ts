import type { Servers } from '../../src/local/servers/servers.js';
import { countRoundTrips } from './count.js';
import { measure, type Plan } from './measure.js';
import { onServers, type Run } from './onServers.js';
import { report, type Report } from './report.js';
import { startGavel } from './startGavel.js';
import { openWays } from './ways.js';
import { openWorld, startBenchWorker } from './world.js';

export interface BenchOptions extends Plan, Run {
  /** Writes CPU profiles of the API and the worker into this folder. */
  profile?: string;
}

/**
 * Measures the cost of a lead. Undefined if aborted.
 * @throws LocalStackError if a process can't be started or ends by itself
 */
export const runBench = (options: BenchOptions): Promise<Report | undefined> =>
  onServers(options, (dir, servers) => benchOn(dir, servers, options));

async function benchOn(
  dir: string,
  servers: Servers,
  { progress, profile, ...plan }: BenchOptions,
): Promise<Report> {
  progress('starting buyers and workers');
  const world = await openWorld(dir, servers);
  try {
    await startBenchWorker(world);
    progress('counting round trips');
    const counted = await countRoundTrips(world, Math.min(plan.leads, 50));
    progress('starting worker, API');
    const flags = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    const api = await startGavel(dir, servers.start, world.env, flags);
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
