import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../src/local/processes/lock.js';
import { packageRoot } from '../../src/packageRoot.js';

/**
 * Names a folder for the servers of this process only, `.local/KIND/PID`, and removes the folders of processes that
 * have ended. The caller removes it. It is here because the bench is compiled without the rest of `test`.
 */
export function runDir(kind: 'bench' | 'torture' | 'fuzz' | 'protections'): string {
  const runs = join(packageRoot, '.local', kind);
  mkdirSync(runs, { recursive: true });
  for (const run of readdirSync(runs)) {
    if (!isAlive(Number(run))) rmSync(join(runs, run), { recursive: true, force: true });
  }
  return join(runs, String(process.pid));
}

/** The environment without the servers' addresses: tests and the bench never touch what may be somebody's data. */
export const withoutServers = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  MONGODB_URL: '',
  REDIS_URL: '',
  TEMPORAL_ADDRESS: '',
});
