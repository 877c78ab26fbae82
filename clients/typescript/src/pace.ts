/** What the exchange last said about a rate limit. */
export interface RateLimit {
  /** Requests a minute. */
  limit: number;
  /** Requests left in this minute. */
  remaining: number;
  /** The end of this minute, UTC ms. */
  resetsAt: number;
}

/** The rate limit in the headers of an answer, if it has one. */
export function readRateLimit(headers: Headers): RateLimit | undefined {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) =>
    Number(headers.get(`x-ratelimit-${name}`) ?? Number.NaN),
  );
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  if ([limit, remaining, reset].some(Number.isNaN)) return undefined;
  return { limit, remaining, resetsAt: reset * 1000 };
}

/** How long to wait for the next request, ms: 0 while requests are left in this minute. */
export const untilReset = (rate: RateLimit | undefined): number =>
  rate === undefined || rate.remaining > 0 ? 0 : Math.max(0, rate.resetsAt - Date.now());

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), in ms from now. */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * The wait before the next attempt: random below a bound that doubles, so that clients do not come back together.
 * @param failures attempts that have failed
 */
export const backoff = (failures: number): number =>
  Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** failures);

/** @throws the reason of the signal, if it is aborted first */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
