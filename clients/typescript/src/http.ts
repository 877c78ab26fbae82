import { apiError, NoAnswerError } from './errors.js';
import { readRateLimit, readRetryAfter, type RateLimit } from './pace.js';
import type { ErrorAnswer } from './types.js';

/** Rate limits count leads, pings and the other requests separately. */
export type Counts = 'leads' | 'pings' | 'reads';

export interface ApiRequest {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Which rate limit counts it. */
  counts: Counts;
}

export interface HttpOptions {
  url: string;
  key: string;
  timeoutMs: number;
  fetch: typeof fetch;
}

/** Sends single requests, and remembers what the exchange says about the key's rate limits. */
export class Http {
  readonly #url: string;
  readonly #key: string;
  readonly #fetch: typeof fetch;
  readonly #rates = new Map<Counts, RateLimit>();
  /** How long the exchange may be silent, ms. */
  readonly timeoutMs: number;

  constructor({ url, key, timeoutMs, fetch: fetchIt }: HttpOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#key = key;
    this.#fetch = fetchIt;
    this.timeoutMs = timeoutMs;
  }

  rate(counts: Counts): RateLimit | undefined {
    return this.#rates.get(counts);
  }

  /** Counts leads that no header has reported yet. */
  countLeads(count: number): void {
    const rate = this.#rates.get('leads');
    if (rate !== undefined) rate.remaining = Math.max(0, rate.remaining - count);
  }

  /**
   * Sends a request once, and resolves with an answer whose body is not read yet.
   * @throws ApiError if it is refused, NoAnswerError without an answer, or the reason of an aborted signal
   */
  async send(
    { method, path, headers, body, counts }: ApiRequest,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(this.#url + path, {
        method,
        headers: { ...headers, authorization: `Bearer ${this.#key}` },
        body,
        redirect: 'error',
        signal,
      });
    } catch (error) {
      throw noAnswer(error);
    }
    const rate = readRateLimit(response.headers);
    if (rate !== undefined) this.#rates.set(counts, rate);
    if (response.ok) return response;
    const { status } = response;
    throw apiError(await readError(response), { status, retryAfterMs: readRetryAfter(response.headers) });
  }
}

/** The body of an answer. @throws NoAnswerError if it is not JSON or does not arrive */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw noAnswer(error);
  }
}

/** @throws NoAnswerError if the answer is not one of the exchange, but of a proxy before it */
async function readError(response: Response): Promise<ErrorAnswer> {
  const body = await readJson(response);
  if (typeof body === 'object' && body !== null && 'error' in body && 'message' in body)
    return { request_id: '', ...body } as ErrorAnswer;
  throw new NoAnswerError(`The answer ${response.status} is not one of the exchange.`);
}

/** `fetch failed` has its reason in the cause. */
export function noAnswer(error: unknown): NoAnswerError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new NoAnswerError(`The exchange did not answer: ${reason}`, { cause: error });
}
