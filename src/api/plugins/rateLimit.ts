import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../operations/refusal.js';
import {
  secondsInWords,
  retryAfterHeader,
  type RATE_HEADERS,
  type RateLimits,
  type RateWindow,
} from '../http/rateLimits.js';
import { keyOf } from './auth.js';

/** How many times as often a key may ask for its leads as send them. */
export const READ_LIMIT_FACTOR = 10;

/**
 * Hooks for routes behind the key check: `take` counts the request and refuses it over the limit; `ask` does so by a
 * count of its own, with a higher limit, and leaves the other alone. Both put the three headers of their own count on the
 * answer, whatever becomes of the request.
 */
export function rateLimitHooks(
  limits: RateLimits,
  requestsPerMinute: number,
  what: 'leads' | 'returns' | 'requests',
) {
  const limitOf = (request: FastifyRequest): number => keyOf(request).limit ?? requestsPerMinute;
  const bucketOf = (request: FastifyRequest): string => `key:${keyOf(request)._id}`;

  return {
    take: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const window = await limits.consume(bucketOf(request), limitOf(request));
      reply.headers(headersOf(window));
      const sending = `send ${window.limit} ${window.limit === 1 ? what.replace(/s$/, '') : what} a minute`;
      if (!window.allowed) throw refusal(window, sending);
    },
    ask: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const window = await limits.consume(`${bucketOf(request)}:asks`, limitOf(request) * READ_LIMIT_FACTOR);
      reply.headers(headersOf(window));
      const asking = `ask for leads and withdraw them ${window.limit} times a minute`;
      if (!window.allowed) throw refusal(window, asking);
    },
  };
}

const headersOf = (window: RateWindow): Record<keyof typeof RATE_HEADERS, number> => ({
  'X-RateLimit-Limit': window.limit,
  'X-RateLimit-Remaining': window.remaining,
  'X-RateLimit-Reset': Math.ceil(window.endsAt / 1000),
});

const refusal = (window: RateWindow, mayDo: string): ApiError =>
  new ApiError('rateLimited', `This key may ${mayDo}. Send the next request ${secondsInWords(window)}.`, {
    headers: retryAfterHeader(window),
  });
