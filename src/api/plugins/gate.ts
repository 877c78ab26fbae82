import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import type { RouteParts } from '../parts.js';
import { auth, buyerOf, sellerOf } from './auth.js';
import { fairShare, shedWhenLate } from './overload.js';

interface Options extends RouteParts {
  /** Whose keys are let through. */
  of: 'seller' | 'buyer';
}

/** What sellers and buyers come through, in this order: the process is in time, the key is good, their share is not used up. */
export const gate = plugin(async (app: FastifyInstance, { parts, lookups, limits, of }: Options) => {
  const { RATE_LIMIT_PER_MINUTE: failuresPerMinute, REQUESTS_IN_FLIGHT: limit } = parts.settings;
  await app.register(shedWhenLate);
  await app.register(auth, { lookups, limits, failuresPerMinute, of });
  await app.register(fairShare, { limit, of: of === 'seller' ? sellerOf : buyerOf, called: of });
});
