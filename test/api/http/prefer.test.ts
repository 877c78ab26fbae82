import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrefer } from '../../../src/api/http/prefer.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld } from '../world.js';

describe('Prefer (RFC 7240)', () => {
  it.each<[string | string[] | undefined, number, string | undefined]>([
    [undefined, 3000, undefined],
    ['', 3000, undefined],
    ['wait=2', 2000, 'wait=2'],
    ['Wait = "1"', 1000, 'wait=1'],
    ['wait=3', 3000, 'wait=3'],
    ['wait=10', 3000, undefined],
    ['wait=0', 0, 'wait=0'],
    ['wait=-1', 3000, undefined],
    ['wait=soon', 3000, undefined],
    ['wait=1, wait=2', 1000, 'wait=1'],
    ['respond-async', 0, 'respond-async'],
    ['RESPOND-ASYNC; x=1', 0, 'respond-async'],
    ['respond-async, wait=1', 1000, 'respond-async, wait=1'],
    ['return=minimal', 3000, undefined],
    [['respond-async', 'wait=1'], 1000, 'respond-async, wait=1'],
  ])('%j waits %i ms', (header, answerWithinMs, applied) => {
    expect(readPrefer(header, 3000)).toEqual({ answerWithinMs, applied });
  });

  describe('with no worker running', () => {
    let world: ApiWorld;
    beforeAll(async () => {
      world = await openApiWorld({ ANSWER_WINDOW_MS: 2500 });
    });
    afterAll(() => world.close());

    it.each<[string, number, number, string | null]>([
      ['', 2400, 3500, null],
      ['wait=1', 900, 1900, 'wait=1'],
      ['respond-async', 0, 900, 'respond-async'],
    ])('"%s" is answered `pending` after %i to %i ms', async (prefer, atLeast, atMost, applied) => {
      const start = Date.now();
      const reply = await sendLead(world, SAMPLE, { prefer });
      const ms = Date.now() - start;
      expect(reply.body).toEqual({ success: true, lead_id: reply.body.lead_id, status: 'pending' });
      expect(reply.headers.get('preference-applied')).toBe(applied);
      expect(ms).toBeGreaterThanOrEqual(atLeast);
      expect(ms).toBeLessThan(atMost);
    });
  });
});
