import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stackAddresses } from '../support/stack.js';
import { openGate, type Gate } from './gate.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from './world.js';

const target = (address: string): { host: string; port: number } => {
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
  return { host: hostname, port: Number(port) };
};

describe('when a server is unavailable', () => {
  let world: ApiWorld;
  let redis: Gate;
  let mongodb: Gate;
  let temporal: Gate;
  beforeAll(async () => {
    const addresses = stackAddresses();
    redis = await openGate(target(addresses.REDIS_URL));
    mongodb = await openGate(target(addresses.MONGODB_URL));
    temporal = await openGate(target(addresses.TEMPORAL_ADDRESS));
    const url = new URL(addresses.MONGODB_URL);
    url.port = String(mongodb.port);
    // Otherwise the driver discovers the server's address and bypasses the gate.
    url.searchParams.set('directConnection', 'true');
    world = await openApiWorld({
      ANSWER_WINDOW_MS: 1000,
      REDIS_URL: `redis://127.0.0.1:${redis.port}/900`,
      MONGODB_URL: url.toString(),
      TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}`,
    });
  });
  afterEach(async () => {
    for (const gate of [redis, mongodb, temporal]) gate.mend();
    await expect
      .poll(async () => (await ready()).body.parts, { timeout: 10_000 })
      .toEqual({
        mongodb: 'ok',
        redis: 'ok',
        temporal: 'ok',
      });
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([redis, mongodb, temporal].map((gate) => gate.close()));
  });

  const ready = () => request(world, '/ready');

  /** The answer of `/ready` once it reports an unavailable part; an answer is cached for a second. */
  async function readyWithout(part: 'mongodb' | 'redis' | 'temporal') {
    let state = await ready();
    const isAway = async () => {
      state = await ready();
      return (state.body.parts as Record<string, string>)[part];
    };
    await expect.poll(isAway, { timeout: 5000 }).toMatch(/^away/);
    return state;
  }

  it.each(['cut', 'hold'] as const)(
    'redis (%s): leads are taken, each process counts for itself',
    async (how) => {
      const key = await world.keyFor({ limit: 5 });
      redis[how]();
      const start = Date.now();
      const replies = await Promise.all(Array.from({ length: 12 }, () => sendLead({ ...world, key })));
      expect(Date.now() - start).toBeLessThan(1500);
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(5);
      expect(replies.filter(({ status }) => status === 429)).toHaveLength(7);
      const state = await readyWithout('redis');
      expect(state.status).toBe(200);
      expect(state.body).toMatchObject({
        ready: true,
        parts: { mongodb: 'ok', redis: expect.stringMatching(/^away/) as string },
      });
    },
  );

  it.each(['cut', 'hold'] as const)('the database (%s): 503, and no lead is accepted', async (how) => {
    await sendLead(world);
    mongodb[how]();
    const reply = await sendLead(world);
    expect([reply.status, reply.body.error]).toEqual([503, 'Service unavailable']);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    const state = await readyWithout('mongodb');
    expect(state.status).toBe(503);
    expect(state.body).toMatchObject({
      ready: false,
      parts: { mongodb: expect.stringMatching(/^away/) as string },
    });
    expect(world.logged.join('\n')).not.toContain(SAMPLE.email);
  });

  it.each(['cut', 'hold'] as const)('Temporal (%s): the lead is pending', async (how) => {
    temporal[how]();
    const reply = await sendLead(world, SAMPLE, { prefer: '' });
    expect(reply.body).toEqual({ success: true, lead_id: reply.body.lead_id, status: 'pending' });
    const state = await readyWithout('temporal');
    expect(state.status).toBe(200);
    expect(state.body).toMatchObject({
      ready: true,
      parts: { temporal: expect.stringMatching(/^away/) as string },
    });
  });

  it('a repeated request for a lead that Temporal did not take gets the first answer', async () => {
    temporal.cut();
    const headers = { 'idempotency-key': 'untaken', prefer: '' };
    const first = await sendLead(world, SAMPLE, headers);
    const second = await sendLead(world, SAMPLE, headers);
    expect(second.body).toEqual(first.body);
  });
});
