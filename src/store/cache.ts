import { LRUCache } from 'lru-cache';

/**
 * How long market data may be cached, ms. A change is in force in every process within 2 s; the rest of that time is
 * for the read.
 */
export const FRESH_MS = 1500;

/** Boxed, because the cache can't hold `undefined`, and a missing document is cached too. */
interface CachedValue<T> {
  value: T;
}

/**
 * Caches `load` by key for FRESH_MS. Concurrent callers share one load. A missing document is cached; a failed load is
 * not, and its error goes to its callers. At most `max` keys are cached, and the least recently used are evicted first,
 * so a flood of invented keys takes no memory.
 */
export function cached<T>(load: (key: string) => Promise<T>, max = 1000): (key: string) => Promise<T> {
  const cache = new LRUCache<string, CachedValue<T>>({
    max,
    ttl: FRESH_MS,
    // An evicted load still answers its waiting callers.
    ignoreFetchAbort: true,
    fetchMethod: async (key) => ({ value: await load(key) }),
  });
  return async (key) => (await cache.forceFetch(key)).value;
}
