import { Agent, errors, request } from 'undici';
import { Webhook } from 'standardwebhooks';
import type { Settings } from '../config.js';
import { AddressRefused, guardedConnector, type Resolve } from './guardedConnector.js';
import { readOutboundRules } from './outboundRules.js';

/** An answer of more than this is `invalid_response`. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** So is one with more headers than this, together. */
const MAX_HEADER_BYTES = 16 * 1024;

/** One signed request to a buyer's server. */
export interface Message {
  url: string;
  /** `webhook-id`: the same when it is sent again, so that the buyer can tell. */
  id: string;
  secret: string;
  payload: object;
  /** From the first byte sent to the last one received, ms. */
  timeoutMs: number;
}

/** What came back; `ms` is how long it took. A body that is not JSON is `undefined` with `malformed` set. */
export type Reply = { ms: number } & (
  | { kind: 'answer'; status: number; body: unknown; malformed: boolean; retryAfterMs?: number }
  | { kind: 'timeout' }
  | { kind: 'unreachable'; detail: string }
  | { kind: 'oversized'; detail: string }
);

export type Send = (message: Message) => Promise<Reply>;

interface SenderOptions {
  connectionsPerBuyer?: number;
  /** How names become addresses; by default as src/buyers/guardedConnector.ts says. */
  resolve?: Resolve;
}

/**
 * Opens the connections to buyers: only to addresses that the settings allow, kept alive, pooled per origin, redirects
 * never followed.
 * @throws SettingsError where OUTBOUND_ALLOW can't be read
 */
export function openSender(
  settings: Pick<Settings, 'OUTBOUND_ALLOW' | 'OUTBOUND_HTTP'>,
  { connectionsPerBuyer = 128, resolve }: SenderOptions = {},
): { send: Send; close: () => Promise<void> } {
  const agent = new Agent({
    connections: connectionsPerBuyer,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    maxResponseSize: MAX_ANSWER_BYTES,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: guardedConnector(readOutboundRules(settings), resolve),
  });
  return { send: (message) => sendSigned(agent, message), close: () => agent.close() };
}

async function sendSigned(agent: Agent, message: Message): Promise<Reply> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  try {
    const body = JSON.stringify(message.payload);
    const response = await request(message.url, {
      dispatcher: agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...signature(message, body),
      },
      body,
      signal: AbortSignal.timeout(message.timeoutMs),
    });
    const text = await response.body.text();
    return {
      ms: ms(),
      kind: 'answer',
      status: response.statusCode,
      ...parse(text),
      retryAfterMs: retryAfter(response.headers['retry-after']),
    };
  } catch (error) {
    return { ms: ms(), ...failure(error) };
  }
}

/** The three headers of Standard Webhooks (standard-webhooks.md, "Webhook headers"). */
function signature({ id, secret }: Message, body: string): Record<string, string> {
  const now = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
}

function parse(text: string): { body: unknown; malformed: boolean } {
  try {
    return { body: JSON.parse(text), malformed: false };
  } catch {
    return { body: undefined, malformed: true };
  }
}

/** `Retry-After` in ms: seconds or a date (RFC 9110, 10.2.3); undefined where it is neither. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function failure(
  error: unknown,
): { kind: 'timeout' } | { kind: 'oversized' | 'unreachable'; detail: string } {
  if (error instanceof errors.ResponseExceededMaxSizeError)
    return { kind: 'oversized', detail: `answer over ${MAX_ANSWER_BYTES / 1024} KiB` };
  if (error instanceof errors.HeadersOverflowError)
    return { kind: 'oversized', detail: `headers over ${MAX_HEADER_BYTES / 1024} KiB` };
  if (error instanceof Error && error.name === 'TimeoutError') return { kind: 'timeout' };
  if (error instanceof AddressRefused) return { kind: 'unreachable', detail: error.message };
  // The error's code says enough ("ECONNREFUSED"); its message may quote the address.
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'connection failed';
  return { kind: 'unreachable', detail: code };
}
