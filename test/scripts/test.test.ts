import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isAlive } from '../../src/local/processes/lock.js';
import { packageRoot } from '../../src/packageRoot.js';

/** The processes that it has started itself. */
const childrenOf = (pid: number): number[] =>
  spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
    .map(Number);

it('`npm test` ends what it has started before it ends itself, by a Ctrl-C that npm passes on once more', async () => {
  const args = ['scripts/bootstrap.mjs', 'test'];
  const checks = spawn(process.execPath, args, { cwd: packageRoot, stdio: 'ignore' });
  const pid = checks.pid ?? 0;
  // The first check of each of the three lanes, and who watches over them.
  await expect.poll(() => childrenOf(pid).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(4);
  const children = childrenOf(pid);
  const ended = once(checks, 'exit');
  checks.kill('SIGINT');
  await sleep(50);
  checks.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  expect(children.filter(isAlive)).toEqual([]);
});
