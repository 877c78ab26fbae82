import { afterAll, beforeAll, expect, it } from 'vitest';
import { openProxy, throughProxy, type Proxy } from '../bench/proxy.js';
import { mongodbRequests } from '../bench/requests.js';
import { generateKey } from '../../src/store/keys/apiKeys.js';
import { stackAddresses } from '../support/stack.js';
import { openApiWorld, sendLead, type ApiWorld } from './world.js';

let world: ApiWorld;
let proxy: Proxy;
let queries = 0;
beforeAll(async () => {
  const { MONGODB_URL } = stackAddresses();
  proxy = await openProxy(MONGODB_URL, (client, server) => {
    const read = mongodbRequests();
    client.on('data', (chunk: Buffer) => {
      queries += read(chunk).filter((name) => name === 'find keys').length;
    });
    client.pipe(server);
    server.pipe(client);
  });
  world = await openApiWorld({ MONGODB_URL: throughProxy(MONGODB_URL, proxy), RATE_LIMIT_PER_MINUTE: 5 });
});
afterAll(async () => {
  await world.close();
  await proxy.close();
});

const guess = () => sendLead({ ...world, key: generateKey('live') });

it('an address over its limit costs no query per guessed key and does not slow valid keys', async () => {
  const known = await world.keyFor();
  await sendLead({ ...world, key: known });
  for (let i = 0; i < 6; i += 1) await guess();
  queries = 0;
  const refused = await Promise.all(Array.from({ length: 100 }, guess));
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 429));
  // Only the list of all keys is read, once every 2 s.
  expect(queries).toBeLessThanOrEqual(10);

  expect((await sendLead({ ...world, key: known })).status).toBe(200);
  // The list contains keys that this process has never seen.
  expect((await sendLead(world)).status).toBe(200);
});
