import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLoop } from '../../src/bench/openLoop.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld } from './world.js';

describe('with no worker running, so that no lead is answered', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1000 });
  });
  afterAll(() => world.close());

  it('all leads are taken, though more come than there are places for', async () => {
    const loop = openLoop(25, () => sendLead(world, SAMPLE, { prefer: 'wait=1' }));
    await sleep(4000);
    const replies = await loop.stop();
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(await world.database.leads.countDocuments({})).toBe(replies.length);
  }, 40_000);
});
