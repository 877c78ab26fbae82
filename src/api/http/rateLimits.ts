import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** A minute's window of requests, as it stands after this one. */
export interface RateWindow {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** When the window ends, UTC ms. */
  endsAt: number;
}

export interface RateLimits {
  /** Counts one request; one Redis round trip, none once the window is used up. */
  consume(bucket: string, limit: number): Promise<RateWindow>;
  /** Whether this process has refused the bucket and its window has not ended; no Redis round trip. */
  isExhausted(bucket: string): boolean;
}

const secondsLeft = ({ endsAt }: RateWindow): number => Math.max(1, Math.ceil((endsAt - Date.now()) / 1000));

/** When to send the next request, as a header. */
export const retryAfterHeader = (window: RateWindow): Record<string, number> => ({
  'retry-after': secondsLeft(window),
});

/** The same in words: `in 42 s`. */
export const secondsInWords = (window: RateWindow): string => `in ${secondsLeft(window)} s`;

const WINDOW_S = 60;
/** Buckets over their limit that a process remembers: more addresses than that only cost it Redis round trips. */
const MOST_USED_UP = 10_000;

/** What every answer to a known key tells of its window. */
export const RATE_HEADERS = {
  'X-RateLimit-Limit': 'Requests a minute',
  'X-RateLimit-Remaining': 'How many of them are left',
  'X-RateLimit-Reset': 'When the minute ends, Unix time in seconds',
} as const;

/**
 * Requests counted in fixed windows of a minute that begin with their first request, atomically in Redis, so that all
 * processes share the count. While Redis is down each process counts for itself.
 */
export function createRateLimits(redis: Redis): RateLimits {
  const limiters = new Map<number, RateLimiterRedis>();

  function limiterOf(limit: number): RateLimiterRedis {
    const known = limiters.get(limit);
    if (known !== undefined) return known;
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: 'gavel:rate',
      points: limit,
      duration: WINDOW_S,
      rejectIfRedisNotReady: true,
      inMemoryBlockOnConsumed: limit,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix: 'gavel:rate', points: limit, duration: WINDOW_S }),
    });
    limiters.set(limit, limiter);
    return limiter;
  }

  const usedUp = new LRUCache<string, true>({ max: MOST_USED_UP });

  return {
    async consume(bucket, limit) {
      try {
        return windowOf(await limiterOf(limit).consume(bucket), limit, true);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        usedUp.set(bucket, true, { ttl: Math.max(1, refusal.msBeforeNext) });
        return windowOf(refusal, limit, false);
      }
    },
    isExhausted: (bucket) => usedUp.has(bucket),
  };
}

function windowOf(window: RateLimiterRes, limit: number, allowed: boolean): RateWindow {
  return {
    allowed,
    limit,
    remaining: Math.max(0, window.remainingPoints),
    endsAt: Date.now() + window.msBeforeNext,
  };
}
