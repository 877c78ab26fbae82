import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type RunningApi } from '../../src/api/server.js';
import { createLog } from '../../src/log.js';
import { createKey, expireKey, revokeKey } from '../../src/store/keys/apiKeys.js';
import { openApiWorld, request, sendLead, type ApiWorld } from './world.js';

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

/** The answers of both processes to a lead with this key. */
const statusesOf = (key: string): Promise<number[]> =>
  Promise.all([world.api, second].map(async (api) => (await sendLead({ api, key })).status));

describe('a revoked key', () => {
  it.concurrent('is rejected by every process within 2 s, even if it has just accepted the key', async ({
    expect,
  }) => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    expect(await statusesOf(key)).toEqual([200, 200]);
    await revokeKey(world.database, document._id);
    await expect.poll(() => statusesOf(key), { timeout: 2000, interval: 200 }).toEqual([401, 401]);
  });

  it('is limited across all addresses, without affecting other keys', async () => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    await revokeKey(world.database, document._id);
    const from = (i: number) => ({ 'x-forwarded-for': `198.51.100.${i}` });
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => sendLead({ ...world, key }, {}, from(i))),
    );
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(30);
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    expect(refused[0]?.body.message).toMatch(
      /^Too many failed authentication attempts with this key, which is revoked/,
    );
    expect(refused[0]?.headers.has('retry-after')).toBe(true);
    expect((await sendLead(world, undefined, from(1))).status).toBe(200);
  });

  it('is stored only as a hash, like every key', async () => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    const stored = JSON.stringify(await world.database.keys.findOne({ _id: document._id }));
    expect(stored).toContain(document.hash);
    expect(stored).not.toContain(key.slice(9, -6));
  });
});

describe('a key', () => {
  it('is read from Basic credentials and after a repeated scheme, but not from the query', async () => {
    const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;
    const statusOf = async (authorization: string): Promise<number> =>
      (await sendLead(world, undefined, { authorization })).status;
    expect(await statusOf(basic(`${world.key}:`))).toBe(200);
    expect(await statusOf(basic(`acme:${world.key}`))).toBe(200);
    expect(await statusOf(`Bearer Bearer ${world.key}`)).toBe(200);
    expect(await statusOf(basic('acme:secret'))).toBe(401);
    const path = `/api/leads?key=${world.key}&access_token=${world.key}`;
    const reply = await request(world, path, { method: 'POST', headers: { authorization: 'none' } });
    expect(reply.status).toBe(401);
    expect(world.logged.join('')).not.toContain(world.key);
  });

  it.concurrent('is valid in every process from its creation, and the replaced key until it is revoked', async ({
    expect,
  }) => {
    const old = await createKey(world.database, { seller: 'ACME1234', test: false });
    expect(await statusesOf(old.key)).toEqual([200, 200]);
    const next = await createKey(world.database, { seller: 'ACME1234', test: false });
    expect(await statusesOf(next.key)).toEqual([200, 200]);
    expect(await statusesOf(old.key)).toEqual([200, 200]);
    await revokeKey(world.database, old.document._id);
    await expect.poll(() => statusesOf(old.key), { timeout: 2000, interval: 200 }).toEqual([401, 401]);
    expect(await statusesOf(next.key)).toEqual([200, 200]);
  });

  it.concurrent('with an expiry is valid until then in every process, and no longer', async () => {
    const old = await createKey(world.database, { seller: 'ACME1234', test: false });
    expect(await statusesOf(old.key)).toEqual([200, 200]);
    const end = new Date(Date.now() + 3000);
    expect(await expireKey(world.database, old.document._id, end)).toBe(true);
    await sleep(2000);
    expect(await statusesOf(old.key)).toEqual([200, 200]);
    await sleep(end.getTime() - Date.now() + 1);
    expect(await statusesOf(old.key)).toEqual([401, 401]);
  });

  it.concurrent('that expires is rejected by every process at its time, even if cached', async () => {
    const expiresAt = new Date(Date.now() + 3000);
    const { key } = await createKey(world.database, { seller: 'ACME1234', test: false, expiresAt });
    expect(await statusesOf(key)).toEqual([200, 200]);
    await sleep(expiresAt.getTime() - Date.now() + 1);
    expect(await statusesOf(key)).toEqual([401, 401]);
  });

  it('that is guessed is counted by address across all processes', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const guess = (i: number) =>
      sendLead({ api: i % 2 === 0 ? world.api : second, key: 'gvl_live_guess' }, {}, from('203.0.113.7'));
    const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => guess(i)));
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(30);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(10);
    expect((await sendLead(world, undefined, from('203.0.113.7'))).status).toBe(200);
    const other = await sendLead({ ...world, key: 'gvl_live_guess' }, {}, from('203.0.113.8'));
    expect(other.status).toBe(401);
  });

  it.each([
    ['the client’s own X-Forwarded-For', (i: number) => `198.51.100.${i}, 203.0.113.9`],
    ['the addresses of its IPv6 network', (i: number) => `2001:db8:1:2::${i}`],
  ])('that is guessed is counted once, regardless of %s', async (_what, from) => {
    const guess = (i: number) =>
      sendLead({ ...world, key: 'gvl_live_guess' }, {}, { 'x-forwarded-for': from(i) });
    const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => guess(i)));
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(30);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(10);
  });
});
