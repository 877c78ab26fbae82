import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../apiError.js';
import { retryAfter, type RATE_HEADERS, type RateLimits, type RateWindow } from '../rateLimits.js';
import { keyOf } from './auth.js';

/**
 * Hooks for routes behind the key check: `take` counts the request and refuses it over the limit, `look` only tells how
 * much is left. Both put the three headers on the answer, whatever becomes of the request.
 */
export function rateLimitHooks(
  limits: RateLimits,
  requestsPerMinute: number,
  what: 'leads' | 'returns' | 'requests',
) {
  async function tell(
    request: FastifyRequest,
    reply: FastifyReply,
    count: 'take' | 'look',
  ): Promise<RateWindow> {
    const key = keyOf(request);
    const window = await limits[count](`key:${key._id}`, key.limit ?? requestsPerMinute);
    reply.headers({
      'X-RateLimit-Limit': window.limit,
      'X-RateLimit-Remaining': window.remaining,
      'X-RateLimit-Reset': Math.ceil(window.endsAt / 1000),
    } satisfies Record<keyof typeof RATE_HEADERS, number>);
    return window;
  }
  return {
    take: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const window = await tell(request, reply, 'take');
      if (window.allowed) return;
      const message = `This key may send ${window.limit} ${what} a minute. Send the next one after Retry-After seconds.`;
      throw new ApiError('rateLimited', message, { headers: retryAfter(window) });
    },
    look: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      await tell(request, reply, 'look');
    },
  };
}
