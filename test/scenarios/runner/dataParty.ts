import { notJson } from '../../../src/buyers/contentCodings.js';
import type { Reply } from '../../../src/buyers/send.js';
import type { Behaviour, RequestType } from '../../support/buyer.js';

/** The engine's limit for an answer (src/buyers/send.ts). */
const MOST_BYTES = 64 * 1024;

/** A request, with the parts that a scenario checks. */
export interface Said {
  type: string;
  body: Record<string, unknown>;
}

/** A buyer, seller or service in memory: it gives its server's answers without HTTP. */
export class DataParty {
  readonly received: Said[] = [];
  private readonly behaviours = new Map<string, Behaviour | Behaviour[]>([
    ['ping', { body: { bid: 20 } }],
    ['post', { body: { accepted: true } }],
  ]);
  private readonly asked = new Map<string, number>();

  constructor(
    readonly url: string,
    private readonly onRequest: (type: RequestType) => void = () => undefined,
  ) {}

  /** Replaces the answers; a list starts again. */
  answer(type: RequestType, behaviours: Behaviour | Behaviour[]): void {
    this.behaviours.set(type, behaviours);
    this.asked.delete(type);
  }

  /**
   * The reply from a URL.
   * @param at the URL; the party listens only at its own URL and below it
   */
  ask(type: RequestType, body: Record<string, unknown>, at: { url: string; timeoutMs: number }): Reply {
    if (!at.url.startsWith(this.url)) return { ms: 0, kind: 'unreachable', detail: 'ECONNREFUSED' };
    this.received.push({ type, body });
    const times = (this.asked.get(type) ?? 0) + 1;
    this.asked.set(type, times);
    this.onRequest(type);
    const behaviours = this.behaviours.get(type) ?? { body: {} };
    const one = Array.isArray(behaviours) ? behaviours[Math.min(times, behaviours.length) - 1] : behaviours;
    return replyOf(one ?? {}, at.timeoutMs);
  }
}

function replyOf(behaviour: Behaviour, timeoutMs: number): Reply {
  const { after: ms = 0, status = 200, headers = {}, raw, body, hangUp } = behaviour;
  if (ms >= timeoutMs) return { ms: timeoutMs, kind: 'timeout' };
  if (hangUp) return { ms, kind: 'unreachable', detail: 'the connection was closed before the whole answer' };
  if (raw !== undefined && raw.length > MOST_BYTES)
    return { ms, kind: 'oversized', detail: `answer over ${MOST_BYTES / 1024} KiB` };
  const wait = Number(headers['retry-after'] ?? NaN);
  const retry = Number.isFinite(wait) ? { retryAfterMs: wait * 1000 } : {};
  const malformed = raw !== undefined || body === undefined;
  const detail = malformed ? notJson(raw ?? '') : undefined;
  const text = raw ?? (body === undefined ? '' : JSON.stringify(body));
  const read = malformed ? undefined : body;
  const sent = { 'content-type': 'application/json', ...headers };
  return { ms, kind: 'answer', status, body: read, malformed, text, detail, headers: sent, ...retry };
}
