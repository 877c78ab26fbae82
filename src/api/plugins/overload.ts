import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { ApiError } from '../apiError.js';
import { createShares } from '../shares.js';

/** What every turn of the event loop may take, ms. A lead takes about ten turns, and its source waits some seconds. */
const SLOW_TURN_MS = 250;
const LOOK_EVERY_MS = 1000;
/** However late it is, one request in so many is taken: where others have the processor, refusing more does not help. */
const ONE_IN = 16;

/** What whoever sends more than can be taken is told. */
export const busy = (message: string): ApiError =>
  new ApiError('unavailable', `${message} Send it again after Retry-After seconds.`, {
    headers: { 'retry-after': 1 },
  });

/**
 * Refuses requests, before anything is done for them, while the process is later than its sources can wait: every other
 * one, then three of four, and so on with every second that it stays late; once it is in time again, it takes twice as
 * many with every second. One long turn is no reason, as the median of a second tells. (`@fastify/under-pressure` does
 * the same by the mean, all or nothing, for every route: a busy process would then look dead to those who ask /health.)
 */
export const shedWhenLate = plugin(async (app: FastifyInstance) => {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  let takesOneIn = 1;
  let passedBy = 0;
  const timer = setInterval(() => {
    const isLate = delay.count > 1 && delay.percentile(50) / 1e6 > SLOW_TURN_MS;
    takesOneIn = isLate ? Math.min(takesOneIn * 2, ONE_IN) : Math.max(takesOneIn / 2, 1);
    delay.reset();
  }, LOOK_EVERY_MS);
  timer.unref();
  delay.enable();
  app.addHook('onClose', async () => {
    clearInterval(timer);
    delay.disable();
  });
  app.addHook('onRequest', async () => {
    passedBy += 1;
    if (passedBy < takesOneIn) throw busy('More is sent than this process can take.');
    passedBy = 0;
  });
});

interface ShareOptions {
  limit: number;
  /** Among whom the places are shared out, and what one of them is called. */
  of: (request: FastifyRequest) => string;
  called: string;
}

/** Refuses what is beyond one's share of the requests that the process answers at once; after the key check. */
export const fairShare = plugin(async (app: FastifyInstance, { limit, of, called }: ShareOptions) => {
  const shares = createShares(limit);
  app.addHook('onRequest', async (request, reply) => {
    const leave = shares.enter(of(request));
    if (leave === undefined) throw busy(`This ${called} sends more at once than its share.`);
    reply.raw.once('close', leave);
  });
});
