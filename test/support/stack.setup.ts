import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { ServerAddresses } from '../../src/local/servers/localServer.js';
import { installPackages } from '../../src/local/servers/python.js';
import { withoutServers } from '../bench/runDir.js';
import { packagesDir } from '../../src/local/servers/findPrograms.js';
import { startServers, type Servers } from '../../src/local/servers/servers.js';
import { removeOldScratchDirs, scratchDir } from './scratchDir.js';

declare module 'vitest' {
  interface ProvidedContext {
    stack: Required<ServerAddresses>;
    timeSkippingServer: string;
  }
}

const timeSkippingServer = join(packagesDir, 'bin', 'temporal-test-server');

/** Every project loads this file again, so shared state of vitest's one process is kept on `globalThis`. */
const shared = globalThis as typeof globalThis & {
  gavelTestStack?: Promise<{ servers: Servers; dir: string }>;
  gavelTestStackUsers?: number;
};

/**
 * Starts the servers with empty databases in a folder of this run. The last project to finish stops them. Servers from
 * the environment are not used, because tests must not touch existing data.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.gavelTestStackUsers = (shared.gavelTestStackUsers ?? 0) + 1;
  shared.gavelTestStack ??= start();
  const { servers, dir } = await shared.gavelTestStack;
  const { MONGODB_URL = '', REDIS_URL = '', TEMPORAL_ADDRESS = '', TEMPORAL_UI_URL = '' } = servers.addresses;
  project.provide('stack', { MONGODB_URL, REDIS_URL, TEMPORAL_ADDRESS, TEMPORAL_UI_URL });
  project.provide('timeSkippingServer', timeSkippingServer);
  return async () => {
    shared.gavelTestStackUsers = (shared.gavelTestStackUsers ?? 1) - 1;
    if (shared.gavelTestStackUsers > 0) return;
    await servers.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}

async function start(): Promise<{ servers: Servers; dir: string }> {
  removeOldScratchDirs();
  const dir = scratchDir();
  const env = withoutServers(process.env);
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const servers = await startServers({ dir, env, progress });
  // Missing if all servers were found on PATH.
  if (!existsSync(timeSkippingServer))
    await installPackages(packagesDir, ['workflow tests'], { env, progress, processes: servers.processes });
  return { servers, dir };
}
