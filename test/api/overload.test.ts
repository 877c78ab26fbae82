import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errors } from '../../src/api/plugins/errors.js';
import { shedWhenLate } from '../../src/api/plugins/overload.js';

/** Longer than a turn of the event loop may take, ms. */
const LONG_TURN_MS = 300;

describe('a process that is late', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = fastify();
    await app.register(errors, { log: pino({ level: 'silent' }), wording: { tooLarge: '', away: '' } });
    await app.register(async (shed) => {
      await shed.register(shedWhenLate);
      shed.get('/', async () => 'taken');
    });
    await app.ready();
  });
  afterAll(() => app.close());

  /** How many of so many requests are taken. */
  async function taken(count: number): Promise<number> {
    let ok = 0;
    for (let i = 0; i < count; i += 1) {
      const { statusCode, headers } = await app.inject('/');
      if (statusCode === 200) ok += 1;
      else expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
    }
    return ok;
  }

  /** Keeps the process late until it is told to stop. */
  function beLate(): () => void {
    let isLate = true;
    const turn = (): void => {
      const until = performance.now() + LONG_TURN_MS;
      while (performance.now() < until);
      if (isLate) setImmediate(turn);
    };
    turn();
    return () => (isLate = false);
  }

  it('takes few requests and refuses the others at once, and takes all of them again by itself', async () => {
    expect(await taken(20)).toBe(20);
    const stop = beLate();
    await expect.poll(() => taken(16), { timeout: 20_000, interval: 500 }).toBe(1);
    stop();
    await expect.poll(() => taken(20), { timeout: 20_000, interval: 500 }).toBe(20);
  });
});
