import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type RunningApi } from '../../src/api/server.js';
import { createLog } from '../../src/log.js';
import { createKey, revokeKey } from '../../src/store/keys.js';
import { openApiWorld, sendLead, type ApiWorld } from './world.js';

describe('a key that is taken back', () => {
  let world: ApiWorld;
  let second: RunningApi;
  beforeAll(async () => {
    world = await openApiWorld({ TRUST_PROXY: true, RATE_LIMIT_PER_MINUTE: 30 });
    second = await startApi(world.settings, createLog({ LOG_LEVEL: 'silent' }, 'second'));
  });
  afterAll(async () => {
    await second.close();
    await world.close();
  });

  it('is refused by every process within 2 s, also by those that have just taken it', async () => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    const statuses = () =>
      Promise.all([world.api, second].map(async (api) => (await sendLead({ api, key })).status));
    expect(await statuses()).toEqual([200, 200]);
    await revokeKey(world.database, document._id);
    await expect.poll(statuses, { timeout: 2000, interval: 200 }).toEqual([401, 401]);
  });

  it('is limited however many addresses it is tried from, and no other key with it', async () => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    await revokeKey(world.database, document._id);
    const from = (i: number) => ({ 'x-forwarded-for': `198.51.100.${i}` });
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => sendLead({ ...world, key }, {}, from(i))),
    );
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(30);
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    expect(refused[0]?.headers.has('retry-after')).toBe(true);
    expect((await sendLead(world, undefined, from(1))).status).toBe(200);
  });

  it('is in the store only as its hash, as every key is', async () => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    const stored = JSON.stringify(await world.database.keys.findOne({ _id: document._id }));
    expect(stored).toContain(document.hash);
    expect(stored).not.toContain(key.slice(9, -6));
  });
});
