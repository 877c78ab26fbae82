import { sendBatch, type BatchLead, type BatchOptions, type BatchOutcome } from './batch.js';
import { Http, readJson, type ApiRequest } from './http.js';
import { pause, untilReset, type RateLimit } from './pace.js';
import { preferOf } from './prefer.js';
import { retryAfter } from './retry.js';
import type { Lead, LeadAnswer, LeadFacts, LeadView, PingAnswer } from './types.js';

export interface GavelClientOptions {
  /** The address of the exchange, such as `https://leads.example`. */
  url: string;
  /** A source's key, `gvl_live_…` or `gvl_test_…`. Keep it on your server. Without one, the constructor throws. */
  key: string | undefined;
  /** How often a request is sent at most; default 4. */
  attempts?: number;
  /** How long the exchange may take to answer, ms; default 15,000. Use more than its answer window. */
  timeoutMs?: number;
  /** The longest wait before another attempt, ms; default 10,000. If the exchange asks for more, the call fails. */
  maxWaitMs?: number;
  /** Instead of the global `fetch`. */
  fetch?: typeof fetch;
}

export interface SendOptions {
  /** Your own id of the lead, 1 to 255 characters; by default a random one for each call. */
  idempotencyKey?: string;
  /** How long to wait for buyers, s; with 0 the answer is `pending` at once. Default: the exchange's answer window. */
  waitS?: number;
  signal?: AbortSignal;
}

/**
 * Sends leads to an exchange. Requests that may succeed later are sent again with the same idempotency key, so that there
 * is one lead, however often a connection breaks. It waits as `Retry-After` and the rate-limit headers say.
 */
export class GavelClient {
  readonly #http: Http;
  readonly #attempts: number;
  readonly #maxWaitMs: number;

  /** @throws TypeError without a key */
  constructor({
    url,
    key,
    attempts = 4,
    timeoutMs = 15_000,
    maxWaitMs = 10_000,
    ...rest
  }: GavelClientOptions) {
    if (!key)
      throw new TypeError('The key is missing. Set `key` to a key of a source, gvl_live_… or gvl_test_…');
    this.#http = new Http({ url, key, timeoutMs, fetch: rest.fetch ?? fetch });
    this.#attempts = attempts;
    this.#maxWaitMs = maxWaitMs;
  }

  /** The rate limit of leads, as the exchange last reported it. */
  get rateLimit(): Readonly<RateLimit> | undefined {
    return this.#http.rate('leads');
  }

  /**
   * Asks what a lead would earn. Send the lead with the `ping_id` of the answer before it expires.
   * @param facts the lead without its person
   * @throws as `sendLead`
   */
  async pingLead(facts: LeadFacts, { signal }: Pick<SendOptions, 'signal'> = {}): Promise<PingAnswer> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(facts);
    return this.#ask<PingAnswer>(
      { method: 'POST', path: '/api/pings', headers, body, counts: 'pings' },
      signal,
    );
  }

  /**
   * Sends a lead and waits for the result of its sale.
   * @throws InvalidLeadError, RateLimitError, another ApiError, or NoAnswerError, after the last attempt
   */
  async sendLead(
    lead: Lead,
    { idempotencyKey = crypto.randomUUID(), waitS, signal }: SendOptions = {},
  ): Promise<LeadAnswer> {
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
      ...preferOf(waitS),
    };
    const body = JSON.stringify(lead);
    return this.#ask<LeadAnswer>(
      { method: 'POST', path: '/api/leads', headers, body, counts: 'leads' },
      signal,
    );
  }

  /**
   * Sends any number of leads in requests of up to 1,000, and yields their outcomes as they come. A lead whose answer may
   * be another one later is sent again; while the rate limit is used up, it waits for the next minute.
   * @throws ApiError if the exchange refuses a request as a whole, NoAnswerError if it does not answer: leads without an
   *   outcome can be sent again with the same `idempotency_key`
   */
  sendLeads(
    leads: Iterable<BatchLead> | AsyncIterable<BatchLead>,
    options: BatchOptions = {},
  ): AsyncGenerator<BatchOutcome, void> {
    return sendBatch({ http: this.#http, attempts: this.#attempts, leads, ...options });
  }

  /** The current status of a lead. @throws as `sendLead` */
  async getLead(leadId: string, { signal }: Pick<SendOptions, 'signal'> = {}): Promise<LeadView> {
    return this.#ask<LeadView>({ method: 'GET', path: pathOf(leadId), counts: 'reads' }, signal);
  }

  /** Takes a lead off sale permanently. @throws as `sendLead` */
  async withdrawLead(leadId: string, { signal }: Pick<SendOptions, 'signal'> = {}): Promise<LeadView> {
    return this.#ask<LeadView>(
      { method: 'POST', path: `${pathOf(leadId)}/withdraw`, counts: 'reads' },
      signal,
    );
  }

  /** Sends a request until it has its final answer. */
  async #ask<Answer>(request: ApiRequest, signal: AbortSignal | undefined): Promise<Answer> {
    for (let failures = 1; ; failures += 1) {
      const resetMs = untilReset(this.#http.rate(request.counts));
      // If the wait is too long, the exchange's own refusal says so.
      if (resetMs <= this.#maxWaitMs) await pause(resetMs, signal);
      try {
        const late = AbortSignal.timeout(this.#http.timeoutMs);
        const both = signal === undefined ? late : AbortSignal.any([signal, late]);
        return (await readJson(await this.#http.send(request, both))) as Answer;
      } catch (error) {
        signal?.throwIfAborted();
        const waitMs = retryAfter(error, failures);
        if (waitMs === undefined || waitMs > this.#maxWaitMs || failures >= this.#attempts) throw error;
        await pause(waitMs, signal);
      }
    }
  }
}

const pathOf = (leadId: string): string => `/api/leads/${encodeURIComponent(leadId)}`;
