import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { readSettings, type Settings } from '../../src/config.js';
import type { ServerAddresses } from '../../src/local/servers/localServer.js';
import { asEnvironment } from './asEnvironment.js';
import { bundleIn, gavelIn } from './compiled.js';

/** Addresses of the servers of this test run. */
export function stackAddresses(): Required<ServerAddresses> {
  return inject('stack');
}

/** The program for `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`. */
export function timeSkippingServer(): string {
  return inject('timeSkippingServer');
}

/** Node's arguments that run the compiled `gavel`, which starts faster than the source. */
export function compiledGavel(): string[] {
  return gavelIn(inject('compiled'));
}

/** Path of the workflow bundle. */
export function workflowBundle(): string {
  return bundleIn(inject('compiled'));
}

/**
 * Isolated settings: a MongoDB database, a Redis database and a Temporal task queue of their own, on the servers of the
 * run. Call it once per test file, or once per test that must not see the data of another.
 */
export async function isolatedSettings(
  overrides: Partial<Settings> = {},
  servers = stackAddresses(),
): Promise<Settings> {
  const { MONGODB_URL, REDIS_URL, TEMPORAL_ADDRESS } = servers;
  const name = `test-${randomBytes(6).toString('hex')}`;
  const own: Partial<Settings> = {
    MONGODB_URL,
    TEMPORAL_ADDRESS,
    REDIS_URL: `${REDIS_URL}/${await nextRedisDatabase(REDIS_URL)}`,
    MONGODB_DATABASE: name,
    TASK_QUEUE: name,
    MASTER_KEYS: `test:${Buffer.alloc(32, 'test').toString('base64')}`,
    PORT: 0,
    LOG_LEVEL: 'silent',
    // The buyers of tests run on this machine.
    OUTBOUND_ALLOW: '127.0.0.1',
    OUTBOUND_HTTP: true,
  };
  return { ...readSettings(asEnvironment(own), {}), ...overrides };
}

/** Each caller gets an unused database; database 0 counts them. The local server has 1,024. */
async function nextRedisDatabase(url: string): Promise<number> {
  const client = new Redis(url);
  try {
    return await client.incr('databases-given');
  } finally {
    client.disconnect();
  }
}
