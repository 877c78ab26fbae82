import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive, takeLock } from '../../../src/local/processes/lock.js';
import { emptyDir } from '../helpers.js';

function otherProcess(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

it('is released by its holder', async () => {
  const dir = emptyDir();
  const lock = await takeLock(dir);
  expect(existsSync(join(dir, 'lock'))).toBe(true);
  lock.release();
  expect(existsSync(join(dir, 'lock'))).toBe(false);
});

it('is rejected while its holder runs, with its pid and the stack’s address', async () => {
  const dir = emptyDir();
  const lock = await takeLock(dir);
  onTestFinished(() => lock.release());
  writeFileSync(join(dir, 'addresses.json'), JSON.stringify({ PORT: '3000' }));
  await expect(takeLock(dir)).rejects.toThrow(`already running (process ${process.pid})`);
  await expect(takeLock(dir)).rejects.toThrow('http://127.0.0.1:3000/docs');
  for (const name of ['demo-key', 'demo-test-key', 'demo-buyer-key']) writeFileSync(join(dir, name), 'gvl_…');
  await expect(takeLock(dir)).rejects.toThrow(
    new RegExp(`Live key +in .*demo-key\nTest key +in .*demo-test-key\nBuyer key +in .*demo-buyer-key$`),
  );
});

it('is taken over if its holder has ended', async () => {
  const dir = emptyDir();
  writeFileSync(join(dir, 'lock'), '999999999 1');
  const lock = await takeLock(dir);
  expect(readFileSync(join(dir, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid}\\b`));
  lock.release();
});

it('is taken over if another process has its holder’s pid', async () => {
  const dir = emptyDir();
  writeFileSync(join(dir, 'lock'), `${otherProcess().pid} 1`);
  (await takeLock(dir)).release();
});

it('is taken over after the cleanup process of its holder has ended', async () => {
  const dir = emptyDir();
  const cleaner = otherProcess();
  const before = await takeLock(dir);
  before.share(cleaner.pid ?? 0);
  const [, second = ''] = readFileSync(join(dir, 'lock'), 'utf8').split('\n');
  writeFileSync(join(dir, 'lock'), `999999999 1\n${second}`);
  let taken = false;
  const taking = takeLock(dir).then((lock) => {
    taken = true;
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(taken).toBe(false);
  cleaner.kill('SIGKILL');
  (await taking).release();
});

it.runIf(process.platform === 'linux')('is not held by a zombie', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60']);
  onTestFinished(() => void parent.kill());
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(process.kill(pid, 0)).toBe(true);
});
