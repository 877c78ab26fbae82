import { LRUCache } from 'lru-cache';

/**
 * How long what was read from the market may be used, ms. A change is in force in every process within 2 s; the rest
 * of them is left for the read itself.
 */
export const FRESH_MS = 1500;

/** Boxed, because the cache can't hold `undefined`: "there is none" is an answer worth keeping too. */
interface CachedValue<T> {
  value: T;
}

/**
 * `load`, remembered by key for FRESH_MS. Simultaneous askers share one load; what was not found is remembered as well;
 * a load that fails is not, and its error goes to those who asked. At most `max` keys are held, the least used ones go
 * first, so that no flood of made-up keys takes memory.
 */
export function cached<T>(load: (key: string) => Promise<T>, max = 1000): (key: string) => Promise<T> {
  const cache = new LRUCache<string, CachedValue<T>>({
    max,
    ttl: FRESH_MS,
    // A load whose place is taken by other keys meanwhile still answers those who wait for it.
    ignoreFetchAbort: true,
    fetchMethod: async (key) => ({ value: await load(key) }),
  });
  return async (key) => (await cache.forceFetch(key)).value;
}
