import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type RunningApi } from '../../src/api/server.js';
import { createLog } from '../../src/log.js';
import { generateKey } from '../../src/store/keys/apiKeys.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from './world.js';

describe('the rate limit of a key', () => {
  let world: ApiWorld;
  let second: RunningApi;
  beforeAll(async () => {
    world = await openApiWorld({ RATE_LIMIT_PER_MINUTE: 60 });
    second = await startApi(world.settings, createLog({ LOG_LEVEL: 'silent' }, 'second'));
  });
  afterAll(async () => {
    await second.close();
    await world.close();
  });

  it('of 100 simultaneous requests to two processes, exactly 60 pass', async () => {
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, i) => sendLead({ api: i % 2 ? world.api : second, key: world.key })),
    );
    const passed = replies.filter(({ status }) => status === 200);
    const refused = replies.filter(({ status }) => status === 429);
    expect([passed.length, refused.length]).toEqual([60, 40]);
    const remaining = passed.map(({ headers }) => Number(headers.get('x-ratelimit-remaining')));
    expect(remaining.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ success: false, error: 'Rate limit exceeded' });
      expect(headers.get('x-ratelimit-limit')).toBe('60');
      expect(headers.get('x-ratelimit-remaining')).toBe('0');
      const waitS = Number(headers.get('x-ratelimit-reset')) - Date.now() / 1000;
      expect(waitS).toBeGreaterThan(0);
      expect(waitS).toBeLessThanOrEqual(61);
      expect(Math.abs(Number(headers.get('retry-after')) - waitS)).toBeLessThan(2);
    }
  });

  it('requests that fail validation count, and every answer to a known key shows the remaining requests', async () => {
    const key = await world.keyFor({ limit: 3 });
    const faulty = await sendLead({ ...world, key }, {});
    expect([faulty.status, faulty.headers.get('x-ratelimit-remaining')]).toEqual([400, '2']);
    const stranger = await sendLead({ ...world, key }, { ...SAMPLE, seller: 'GLOBEX00' });
    expect([stranger.status, stranger.headers.get('x-ratelimit-remaining')]).toEqual([401, '1']);
    const asked = await request({ ...world, key }, '/api/leads/x');
    expect([asked.status, asked.headers.get('x-ratelimit-remaining')]).toEqual([404, '29']);
    const tooLarge = await sendLead({ ...world, key }, { a: 'x'.repeat(70_000) });
    expect([tooLarge.status, tooLarge.headers.get('x-ratelimit-remaining')]).toEqual([413, '0']);
    expect((await sendLead({ ...world, key })).status).toBe(429);
  });

  it('a key’s own limit takes precedence', async () => {
    const key = await world.keyFor({ limit: 2 });
    const replies = await Promise.all(Array.from({ length: 10 }, () => sendLead({ ...world, key })));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(replies[0]?.headers.get('x-ratelimit-limit')).toBe('2');
  });

  it('reading and withdrawing leads have their own limit, ten times as high', async () => {
    const key = await world.keyFor({ limit: 2 });
    const { lead_id: id } = (await sendLead({ ...world, key })).body;
    const ask = (path: string, method = 'GET') =>
      request({ ...world, key }, `/api/leads/${path}`, { method });
    const asked = await Promise.all(Array.from({ length: 19 }, () => ask(String(id))));
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 200));
    const withdrawn = await ask(`${String(id)}/withdraw`, 'POST');
    expect([withdrawn.status, withdrawn.headers.get('x-ratelimit-remaining')]).toEqual([200, '0']);

    const refused = [await ask(String(id)), await ask('x'), await ask(`${String(id)}/withdraw`, 'POST')];
    for (const { status, headers, body } of refused) {
      expect([status, body.error]).toEqual([429, 'Rate limit exceeded']);
      expect(body.message).toMatch(
        /^This key may read and withdraw leads 20 times per minute\. Send the next request in \d+ s\.$/,
      );
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      // The headers show the exceeded limit.
      expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['20', '0']);
      const waitS = Number(headers.get('x-ratelimit-reset')) - Date.now() / 1000;
      expect(Math.abs(Number(headers.get('retry-after')) - waitS)).toBeLessThan(2);
    }
    expect((await sendLead({ ...world, key })).headers.get('x-ratelimit-remaining')).toBe('0');
  });

  it('a limit of one is worded in the singular', async () => {
    const key = await world.keyFor({ limit: 1 });
    await sendLead({ ...world, key });
    expect((await sendLead({ ...world, key })).body.message).toContain(
      'This key may send 1 lead per minute.',
    );
  });

  it('requests without a valid key are limited by address, and do not slow valid keys', async () => {
    const known = await world.keyFor();
    const headers = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
    const replies = await Promise.all(
      Array.from({ length: 80 }, (_, i) =>
        sendLead(world, SAMPLE, headers(i % 2 ? generateKey('live') : 'gvl_live_guess')),
      ),
    );
    expect(replies.filter(({ status }) => status === 401)).toHaveLength(60);
    const refused = replies.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({
      error: 'Rate limit exceeded',
      message: expect.stringMatching(
        /^Too many failed authentication attempts from this address\. Send the next request in \d+ s\.$/,
      ) as string,
    });
    expect(refused?.headers.has('retry-after')).toBe(true);
    expect(refused?.headers.has('x-ratelimit-limit')).toBe(false);
    expect((await sendLead({ ...world, key: known })).status).toBe(200);
    const made = await world.keyFor();
    const status = async () => (await sendLead({ ...world, key: made })).status;
    await expect.poll(status, { timeout: 2500, interval: 500 }).toBe(200);
  });
});
