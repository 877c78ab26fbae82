import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startServers } from '../../../src/local/servers/servers.js';
import { isolatedSettings } from '../../support/stack.js';
import { allGone, emptyDataDir, emptyDir } from '../helpers.js';

it('isolates each test', async () => {
  const [one, other] = await Promise.all([isolatedSettings(), isolatedSettings()]);
  expect(one.REDIS_URL).not.toBe(other.REDIS_URL);
  expect(one.MONGODB_DATABASE).not.toBe(other.MONGODB_DATABASE);
  expect(one.TASK_QUEUE).not.toBe(other.TASK_QUEUE);
});

// test/local/start.test.ts proves it for MongoDB and Temporal too.
it('keeps addresses and data from one start to the next, and leaves no process and no lock', async () => {
  const dir = emptyDataDir();
  const need = ['redis'] as const;
  const first = await startServers({ dir, need });
  const { REDIS_URL = '' } = first.addresses;
  const pids = first.processes.parts.map(({ pid }) => pid);
  const redis = new Redis(REDIS_URL);
  await redis.set('kept', 'yes');
  redis.disconnect();
  await first.stop();
  await allGone(pids);
  expect(existsSync(join(dir, 'lock'))).toBe(false);

  const second = await startServers({ dir, need });
  expect(second.addresses).toEqual({ REDIS_URL });
  const again = new Redis(REDIS_URL);
  expect(await again.get('kept')).toBe('yes');
  again.disconnect();
  await second.stop();
});

it('uses a given address, and starts no server for it', async () => {
  const env = { ...process.env, REDIS_URL: 'redis://somewhere:6379' };
  const servers = await startServers({ dir: emptyDir(), env, need: ['redis'] });
  expect(servers.addresses).toEqual({ REDIS_URL: 'redis://somewhere:6379' });
  expect(servers.processes.parts).toEqual([]);
  await servers.stop();
});

it('aborts a start on request', async () => {
  const dir = emptyDir();
  const controller = new AbortController();
  const starting = startServers({ dir, signal: controller.signal, progress: () => controller.abort() });
  await expect(starting).rejects.toThrow();
  expect(existsSync(join(dir, 'lock'))).toBe(false);
});
