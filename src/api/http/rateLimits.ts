import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** A one-minute window, after this request. */
export interface RateWindow {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** UTC ms. */
  endsAt: number;
}

export interface RateLimits {
  /**
   * Counts a request, or several at once, also beyond the limit: one Redis round trip, or none if the window is exhausted.
   */
  consume(bucket: string, limit: number, count?: number): Promise<RateWindow>;
  /** Whether this process has rejected the bucket in its current window; no Redis round trip. */
  isExhausted(bucket: string): boolean;
}

export const secondsLeft = ({ endsAt }: RateWindow): number =>
  Math.max(1, Math.ceil((endsAt - Date.now()) / 1000));

export const secondsInWords = (window: RateWindow): string => `in ${secondsLeft(window)} s`;

const WINDOW_S = 60;
/** Exhausted buckets that a process remembers; further ones only cost Redis round trips. */
const MAX_EXHAUSTED = 10_000;

export const RATE_HEADERS = {
  'X-RateLimit-Limit': 'Requests per minute',
  'X-RateLimit-Remaining': 'Remaining requests in this minute',
  'X-RateLimit-Reset': 'End of the minute, Unix time in seconds',
} as const;

/**
 * Counts requests in fixed one-minute windows, which start with their first request. All processes share the count, which is
 * atomic in Redis. While Redis is down, each process counts for itself.
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

  const exhausted = new LRUCache<string, true>({ max: MAX_EXHAUSTED });

  return {
    async consume(bucket, limit, count = 1) {
      try {
        return { allowed: true, ...windowOf(await limiterOf(limit).consume(bucket, count), limit) };
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        exhausted.set(bucket, true, { ttl: Math.max(1, refusal.msBeforeNext) });
        return { allowed: false, ...windowOf(refusal, limit) };
      }
    },
    isExhausted: (bucket) => exhausted.has(bucket),
  };
}

function windowOf(window: RateLimiterRes, limit: number): Omit<RateWindow, 'allowed'> {
  return {
    limit,
    remaining: Math.max(0, window.remainingPoints),
    endsAt: Date.now() + window.msBeforeNext,
  };
}
