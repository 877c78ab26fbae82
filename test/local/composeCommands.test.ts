import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { openRedis } from '../../src/redis/openRedis.js';
import { redisState } from '../../src/api/routes/healthRoutes.js';
import { packageRoot } from '../../src/packageRoot.js';
import { createLog } from '../../src/log.js';
import { anyPort } from '../../src/local/servers/ports.js';
import { startServers } from '../../src/local/servers/servers.js';
import { emptyDir } from './helpers.js';

interface Service {
  entrypoint: string[];
  command: string[];
  healthcheck: { test: string[] };
}
const { services } = parse(readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8'), {
  merge: true,
}) as { services: Record<'valkey' | 'worker' | 'proxy', Service> };

/** The command as Compose passes it. */
const unescaped = (words: string[]): string[] => words.map((word) => word.replaceAll('$$', '$'));

/** The local stack's program under its name in the image. */
async function valkeyOnPath(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'gavel-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const servers = await startServers({ dir: emptyDir(), env: { PATH: process.env.PATH }, need: ['redis'] });
  const [running] = servers.processes.parts;
  symlinkSync(running?.child.spawnfile ?? '', join(dir, 'valkey-server'));
  await servers.stop();
  return `${dir}:${process.env.PATH}`;
}

test('valkey requires its password, which is not in its command line', async () => {
  const { entrypoint, command } = services.valkey;
  const port = await anyPort();
  const secret = join(emptyDir(), 'valkey_password');
  writeFileSync(secret, 'hunter2\n');
  const [program = '', ...args] = unescaped([...entrypoint, ...command]).map((word) =>
    word
      .replace('save ""', `save ""\nport ${port}\nbind 127.0.0.1`)
      .replace('/run/secrets/valkey_password', secret),
  );
  const env = { PATH: await valkeyOnPath() };
  const server = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'], cwd: emptyDir() });
  onTestFinished(() => void server.kill('SIGKILL'));
  let output = '';
  server.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect.poll(() => output, { timeout: 10_000 }).toContain('Ready to accept connections');

  expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).toMatch(/^valkey-server /);
  expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain('hunter2');
  const [stranger, gavel] = ['', ':hunter2@'].map((login) =>
    new Redis(`redis://${login}127.0.0.1:${port}`, { maxRetriesPerRequest: 0 }).on('error', () => undefined),
  );
  await expect(stranger?.ping()).rejects.toThrow('NOAUTH');
  expect(await gavel?.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'volatile-ttl']);
  const wrong = await openRedis(
    `redis://:hunter3@127.0.0.1:${port}`,
    createLog({ LOG_LEVEL: 'silent' }, 'api'),
  );
  const right = await openRedis(
    `redis://:hunter2@127.0.0.1:${port}`,
    createLog({ LOG_LEVEL: 'silent' }, 'api'),
  );
  expect(await redisState(wrong)).toBe('away (the password is refused)');
  expect(await redisState(right)).toBe('ok');
  wrong.disconnect();
  right.disconnect();
  stranger?.disconnect();
  gavel?.disconnect();
  server.kill('SIGTERM');
  expect(await once(server, 'exit')).toEqual([0, null]);
});

test('a worker is healthy while it serves its metrics', async () => {
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [, program = '', ...args] = unescaped(services.worker.healthcheck.test);
  const check = async (): Promise<unknown[]> => {
    const words = args.map((word) => word.replace('9464', String(port)));
    return once(spawn(program, words, { stdio: 'inherit' }), 'exit');
  };
  expect(await check()).toEqual([0, null]);
  server.close();
  server.closeAllConnections();
  expect(await check()).toEqual([1, null]);
});

test('Caddy gets trusted proxies separated by spaces, even if they are set with commas', () => {
  const dir = emptyDir();
  writeFileSync(join(dir, 'caddy'), '#!/bin/sh\necho "$TRUSTED_PROXIES"\n', { mode: 0o755 });
  const [program = '', ...args] = unescaped([...services.proxy.entrypoint, ...services.proxy.command]);
  const env = { PATH: `${dir}:${process.env.PATH}`, TRUSTED_PROXIES: '10.1.0.0/16,10.2.0.0/16' };
  expect(spawnSync(program, args, { env, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stdout: '10.1.0.0/16 10.2.0.0/16\n',
  });
});

test('Temporal’s commands get the Temporal Cloud key, which is in no command line', () => {
  const cloud = readFileSync(join(packageRoot, 'deploy/compose.temporal-cloud.yml'), 'utf8');
  const { entrypoint } = (parse(cloud, { merge: true }) as { services: Record<string, Service> }).services[
    'temporal-cli'
  ] ?? { entrypoint: [] };
  const dir = emptyDir();
  writeFileSync(join(dir, 'temporal'), '#!/bin/sh\necho "$TEMPORAL_API_KEY: $*"\n', { mode: 0o755 });
  writeFileSync(join(dir, 'key'), 'hunter2\n');
  const [program = '', ...args] = unescaped([...entrypoint, 'workflow', 'list', '--limit', '1 0']).map(
    (word) => word.replace('/run/secrets/temporal_api_key', join(dir, 'key')),
  );
  const env = { PATH: `${dir}:${process.env.PATH}` };
  expect(spawnSync(program, args, { env, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stdout: 'hunter2: workflow list --limit 1 0\n',
  });
});
