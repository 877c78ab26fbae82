import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLoop } from '../../src/bench/openLoop.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

describe('with no worker running, so that no lead is answered', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1000 });
  });
  afterAll(() => world.close());

  /** Sends leads for so long, as fast as no small machine can sell them. */
  async function flood(ms: number): Promise<Reply[]> {
    const loop = openLoop(40, () => sendLead(world, SAMPLE, { prefer: 'wait=1' }));
    await sleep(ms);
    return loop.stop();
  }

  const taken = (replies: Reply[]): Reply[] => replies.filter(({ status }) => status === 200);

  it('a crowd is taken, a flood is refused and nothing of it stored, and when nobody answers for long all are taken', async () => {
    const replies = await flood(2500);
    const refused = replies.filter(({ status }) => status !== 200);
    expect(taken(replies).length).toBeGreaterThan(16);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, headers, body } of refused)
      expect([status, headers.get('retry-after'), body.error]).toEqual([503, '1', 'Service unavailable']);
    for (const { body } of taken(replies)) expect(body.status).toBe('pending');
    expect(await world.database.leads.countDocuments({})).toBe(taken(replies).length);

    const all = (some: Reply[]): boolean => taken(some).length === some.length;
    await expect.poll(async () => all(await flood(1500)), { timeout: 25_000 }).toBe(true);
  }, 40_000);
});
