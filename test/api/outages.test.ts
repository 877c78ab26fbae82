import { describe, expect, it, vi } from 'vitest';
import { throughProxy } from '../bench/proxy.js';
import { stackAddresses } from '../support/stack.js';
import { openGate, type Gate } from './gate.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from './world.js';

const target = (address: string): { host: string; port: number } => {
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
  return { host: hostname, port: Number(port) };
};

type Part = 'redis' | 'mongodb' | 'temporal';

/** Opens an API with a gate before one of its servers. */
async function openWorldBehind(part: Part): Promise<{ world: ApiWorld; gate: Gate }> {
  const { REDIS_URL, MONGODB_URL, TEMPORAL_ADDRESS } = stackAddresses();
  const gate = await openGate(
    target({ redis: REDIS_URL, mongodb: MONGODB_URL, temporal: TEMPORAL_ADDRESS }[part]),
  );
  const behind = {
    redis: { REDIS_URL: `redis://127.0.0.1:${gate.port}/900` },
    mongodb: { MONGODB_URL: throughProxy(MONGODB_URL, gate) },
    temporal: { TEMPORAL_ADDRESS: `127.0.0.1:${gate.port}` },
  };
  return { world: await openApiWorld({ ANSWER_WINDOW_MS: 1000, ...behind[part] }), gate };
}

/** Each test has its own API and gate, so that they wait at the same time. */
describe.concurrent('when a server is unavailable', () => {
  const ready = (world: ApiWorld) => request(world, '/ready');

  /** Runs a test with the server of an API behind a gate, and expects that the API uses it again afterwards. */
  async function withGate(part: Part, test: (world: ApiWorld, gate: Gate) => Promise<void>): Promise<void> {
    const { world, gate } = await openWorldBehind(part);
    try {
      await test(world, gate);
      gate.mend();
      await vi.waitFor(
        async () => {
          const { body } = await ready(world);
          expect(body.parts).toEqual({ mongodb: 'ok', redis: 'ok', temporal: 'ok' });
        },
        { timeout: 10_000 },
      );
    } finally {
      gate.mend();
      await world.close();
      await gate.close();
    }
  }

  /** The answer of `/ready` once it reports an unavailable part; an answer is cached for a second. */
  async function readyWithout(part: Part, world: ApiWorld) {
    return vi.waitFor(
      async () => {
        const state = await ready(world);
        expect((state.body.parts as Record<string, string>)[part]).toMatch(/^away/);
        return state;
      },
      { timeout: 5000 },
    );
  }

  it.each(['cut', 'hold'] as const)('redis (%s): leads are taken, each process counts for itself', (how) =>
    withGate('redis', async (world, redis) => {
      const key = await world.keyFor({ limit: 5 });
      redis[how]();
      const start = Date.now();
      const replies = await Promise.all(Array.from({ length: 12 }, () => sendLead({ ...world, key })));
      expect(Date.now() - start).toBeLessThan(6000);
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(5);
      expect(replies.filter(({ status }) => status === 429)).toHaveLength(7);
      const state = await readyWithout('redis', world);
      expect(state.status).toBe(200);
      expect(state.body).toMatchObject({
        ready: true,
        parts: { mongodb: 'ok', redis: expect.stringMatching(/^away/) as string },
      });
    }),
  );

  it.each(['cut', 'hold'] as const)('the database (%s): 503, and no lead is accepted', (how) =>
    withGate('mongodb', async (world, mongodb) => {
      await sendLead(world);
      mongodb[how]();
      const reply = await sendLead(world);
      expect([reply.status, reply.body.error]).toEqual([503, 'Service unavailable']);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
      const state = await readyWithout('mongodb', world);
      expect(state.status).toBe(503);
      expect(state.body).toMatchObject({
        ready: false,
        parts: { mongodb: expect.stringMatching(/^away/) as string },
      });
      expect(world.logged.join('\n')).not.toContain(SAMPLE.email);
    }),
  );

  it.each(['cut', 'hold'] as const)('Temporal (%s): the lead is pending', (how) =>
    withGate('temporal', async (world, temporal) => {
      temporal[how]();
      const reply = await sendLead(world, SAMPLE, { prefer: '' });
      expect(reply.body).toEqual({ success: true, lead_id: reply.body.lead_id, status: 'pending' });
      const state = await readyWithout('temporal', world);
      expect(state.status).toBe(200);
      expect(state.body).toMatchObject({
        ready: true,
        parts: { temporal: expect.stringMatching(/^away/) as string },
      });
    }),
  );

  it('a repeated request for a lead that Temporal did not take gets the first answer', () =>
    withGate('temporal', async (world, temporal) => {
      temporal.cut();
      const headers = { 'idempotency-key': 'untaken', prefer: '' };
      const first = await sendLead(world, SAMPLE, headers);
      const second = await sendLead(world, SAMPLE, headers);
      expect(second.body).toEqual(first.body);
    }));
});
