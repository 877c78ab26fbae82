import { ApiError, apiError, NoAnswerError } from './errors.js';
import { noAnswer, type Http } from './http.js';
import { readLines } from './ndjson.js';
import { pause, untilReset } from './pace.js';
import { preferOf } from './prefer.js';
import { retryAfter } from './retry.js';
import type { BatchResult, Lead, LeadAnswer } from './types.js';

/** A lead of a batch. By default its `idempotency_key` is a random one for this call. */
export type BatchLead = Lead & { idempotency_key?: string };

/** The outcome of a lead; `index` counts the leads from 0. */
export type BatchOutcome = { index: number; lead: BatchLead } & (
  | { answer: LeadAnswer; /** It was accepted by an earlier request. */ replayed: boolean }
  | { error: ApiError }
);

export interface BatchOptions {
  /** As for a single lead. */
  waitS?: number;
  signal?: AbortSignal;
  /** Called before a pause: the rate limit is used up, or leads are to be sent again. */
  onWait?: (ms: number) => void;
}

interface Batch extends BatchOptions {
  http: Http;
  attempts: number;
  leads: Iterable<BatchLead> | AsyncIterable<BatchLead>;
}

/** The most leads that the exchange takes in a request. */
const MAX_LEADS = 1000;
/** It takes 8 MiB. */
const MAX_BYTES = 7 * 1024 * 1024;

/** A lead on its way. */
interface Entry {
  index: number;
  lead: BatchLead;
  line: string;
}

export async function* sendBatch({ leads, ...batch }: Batch): AsyncGenerator<BatchOutcome, void> {
  let index = 0;
  let bytes = 0;
  let entries: Entry[] = [];
  for await (const lead of leads) {
    const key = lead.idempotency_key ?? crypto.randomUUID();
    const line = `${JSON.stringify({ ...lead, idempotency_key: key })}\n`;
    // At most three bytes of UTF-8 a character.
    const most = line.length * 3;
    if (entries.length === MAX_LEADS || bytes + most > MAX_BYTES) {
      yield* sendAll(batch, entries);
      entries = [];
      bytes = 0;
    }
    entries.push({ index, lead, line });
    index += 1;
    bytes += most;
  }
  yield* sendAll(batch, entries);
}

/** Sends leads until each has its outcome. */
async function* sendAll(batch: Omit<Batch, 'leads'>, all: Entry[]): AsyncGenerator<BatchOutcome, void> {
  const { http, attempts, signal } = batch;
  const wait = async (ms: number): Promise<void> => {
    if (ms > 0) batch.onWait?.(ms);
    await pause(ms, signal);
  };
  let failures = 0;
  for (let left = all; left.length > 0;) {
    await wait(untilReset(http.rate('leads')));
    const sent = left.slice(0, allowance(http));
    const refusals = new Map<Entry, ApiError>();
    const settled = new Set<Entry>();
    let failure: Error | undefined;
    try {
      for await (const { line, code, retry_after, replayed, answer } of resultsOf(batch, sent)) {
        const entry = sent[line - 1];
        if (entry === undefined) continue;
        const { index, lead } = entry;
        if (answer.success) {
          settled.add(entry);
          yield { index, lead, answer, replayed: replayed === true };
          continue;
        }
        const retryAfterMs = retry_after === undefined ? undefined : retry_after * 1000;
        const error = apiError(answer, { status: code, retryAfterMs });
        if (error.isRetryable) refusals.set(entry, error);
        else {
          settled.add(entry);
          yield { index, lead, error };
        }
      }
      if (settled.size + refusals.size < sent.length)
        failure = new NoAnswerError('The answer ended before each lead had its result.');
    } catch (error) {
      failure = error instanceof Error ? error : noAnswer(error);
    }
    signal?.throwIfAborted();
    failures = settled.size > 0 ? 0 : failures + 1;
    left = left.filter((entry) => !settled.has(entry));
    if (failures >= attempts) {
      if (failure !== undefined) throw failure;
      for (const [{ index, lead }, error] of refusals) yield { index, lead, error };
      left = left.filter((entry) => !refusals.has(entry));
      failures = 0;
      continue;
    }
    const reasons = failure === undefined ? [...refusals.values()] : [failure, ...refusals.values()];
    const waits = reasons.map((reason) => retryAfter(reason, Math.max(1, failures)));
    if (failure !== undefined && waits[0] === undefined) throw failure;
    await wait(Math.max(0, ...waits.map((ms) => ms ?? 0)));
  }
}

/** How many leads the rate limit lets through now. */
function allowance(http: Http): number {
  const rate = http.rate('leads');
  if (rate === undefined) return MAX_LEADS;
  return Math.max(1, rate.resetsAt > Date.now() ? rate.remaining : rate.limit);
}

/** Sends leads once, and yields their results. @throws ApiError, NoAnswerError, or the reason of an aborted signal */
async function* resultsOf(
  { http, waitS, signal }: Omit<Batch, 'leads'>,
  entries: readonly Entry[],
): AsyncGenerator<BatchResult, void> {
  const silence = new AbortController();
  const fail = (): void => silence.abort(new Error('it was silent for too long'));
  let timer = setTimeout(fail, http.timeoutMs);
  const either = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  try {
    const response = await http.send(
      {
        method: 'POST',
        path: '/api/leads/batch',
        headers: { 'content-type': 'application/x-ndjson', ...preferOf(waitS) },
        body: entries.map(({ line }) => line).join(''),
        counts: 'leads',
      },
      either,
    );
    // The header has counted the first.
    http.countLeads(entries.length - 1);
    if (response.body === null) return;
    for await (const result of readLines(response.body)) {
      clearTimeout(timer);
      yield result as BatchResult;
      timer = setTimeout(fail, http.timeoutMs);
    }
  } catch (error) {
    throw error instanceof ApiError || error instanceof NoAnswerError ? error : noAnswer(error);
  } finally {
    clearTimeout(timer);
  }
}
