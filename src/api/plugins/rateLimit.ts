import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationError } from '../../operations/operationError.js';
import {
  secondsInWords,
  secondsLeft,
  type RATE_HEADERS,
  type RateLimits,
  type RateWindow,
} from '../http/rateLimits.js';
import { keyOf } from './auth.js';

/** The rate limit of reads, as a multiple of the limit of writes. */
export const READ_LIMIT_FACTOR = 10;

/**
 * Rate-limit hooks for authenticated routes: `limitWrites`, and `limitReads` with a separate count and a higher limit. Both
 * set the three rate-limit headers on every response.
 */
export function rateLimitHooks(
  limits: RateLimits,
  requestsPerMinute: number,
  what: 'leads' | 'pings' | 'returns' | 'requests',
) {
  const limitOf = (request: FastifyRequest): number => keyOf(request).limit ?? requestsPerMinute;
  /** Pings don't use up what leads may. */
  const kind = what === 'pings' ? ':pings' : '';
  const bucketOf = (request: FastifyRequest): string => `key:${keyOf(request)._id}${kind}`;

  const consumeWrite = (request: FastifyRequest): Promise<RateWindow> =>
    limits.consume(bucketOf(request), limitOf(request));
  const refuseWrite = (window: RateWindow): void => {
    const sending = `send ${window.limit} ${window.limit === 1 ? what.replace(/s$/, '') : what} per minute`;
    if (!window.allowed) throw refusal(window, sending);
  };

  return {
    limitWrites: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const window = await consumeWrite(request);
      reply.headers(headersOf(window));
      refuseWrite(window);
    },
    /** Counts a further write of the same request. @throws OperationError `rateLimited` */
    countWrite: async (request: FastifyRequest): Promise<void> => refuseWrite(await consumeWrite(request)),
    limitReads: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const window = await limits.consume(`${bucketOf(request)}:asks`, limitOf(request) * READ_LIMIT_FACTOR);
      reply.headers(headersOf(window));
      const asking = `read and withdraw leads ${window.limit} times per minute`;
      if (!window.allowed) throw refusal(window, asking);
    },
  };
}

const headersOf = (window: RateWindow): Record<keyof typeof RATE_HEADERS, number> => ({
  'X-RateLimit-Limit': window.limit,
  'X-RateLimit-Remaining': window.remaining,
  'X-RateLimit-Reset': Math.ceil(window.endsAt / 1000),
});

const refusal = (window: RateWindow, mayDo: string): OperationError =>
  new OperationError(
    'rateLimited',
    `This key may ${mayDo}. Send the next request ${secondsInWords(window)}.`,
    {
      retryAfterS: secondsLeft(window),
    },
  );
