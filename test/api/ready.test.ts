import { afterAll, beforeAll, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { openProxy, throughProxy, type Proxy } from '../bench/proxy.js';
import { redisRequests } from '../bench/requests.js';
import { stackAddresses } from '../support/stack.js';
import { openApiWorld, request, type ApiWorld } from './world.js';

let world: ApiWorld;
let proxy: Proxy;
let pings = 0;
beforeAll(async () => {
  const { REDIS_URL } = stackAddresses();
  proxy = await openProxy(REDIS_URL, (client, server) => {
    const read = redisRequests();
    client.on('data', (chunk: Buffer) => {
      pings += read(chunk).filter((name) => name === 'ping').length;
    });
    client.pipe(server);
    server.pipe(client);
  });
  world = await openApiWorld({ REDIS_URL: throughProxy(REDIS_URL, proxy) });
});
afterAll(async () => {
  await world.close();
  await proxy.close();
});

it('/ready checks the parts at most once a second', async () => {
  const ask = async () => (await request(world, '/ready')).status;
  pings = 0;
  const began = performance.now();
  for (let i = 0; i < 5; i += 1) {
    expect(new Set(await Promise.all(Array.from({ length: 20 }, ask)))).toEqual(new Set([200]));
  }
  const seconds = (performance.now() - began) / 1000;
  expect(pings).toBeGreaterThan(0);
  expect(pings).toBeLessThanOrEqual(1 + seconds);
  await sleep(1100);
  const before = pings;
  await ask();
  expect(pings).toBe(before + 1);
});
