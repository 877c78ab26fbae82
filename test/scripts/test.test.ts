import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isAlive } from '../../src/local/processes/lock.js';
import { packageRoot } from '../../src/packageRoot.js';

interface Child {
  pid: number;
  /** Whether it is a check. The reaper and esbuild's service end after their parent. */
  isCheck: boolean;
}

/** The processes that it has started itself. */
const childrenOf = (pid: number): Child[] =>
  spawnSync('pgrep', ['-a', '-P', String(pid)], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
    .map((line) => ({ pid: Number.parseInt(line, 10), isCheck: !/reaper\.mjs|esbuild/.test(line) }));

it('`npm test` ends what it has started before it ends itself, by a Ctrl-C that npm passes on once more', async () => {
  const args = ['scripts/bootstrap.mjs', 'test'];
  const checks = spawn(process.execPath, args, { cwd: packageRoot, stdio: 'ignore' });
  const pid = checks.pid ?? 0;
  // The first check of each of the two lanes.
  const checksOf = () => childrenOf(pid).filter(({ isCheck }) => isCheck);
  await expect.poll(() => checksOf().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
  const children = childrenOf(pid);
  const ended = once(checks, 'exit');
  checks.kill('SIGINT');
  await sleep(50);
  checks.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  const alive = () => children.filter(({ pid: child }) => isAlive(child));
  expect(alive().filter(({ isCheck }) => isCheck)).toEqual([]);
  await expect.poll(alive, { timeout: 10_000 }).toEqual([]);
});
