import type { IncomingHttpHeaders } from 'node:http';
import { Agent, errors, request, type Dispatcher } from 'undici';
import { Webhook } from 'standardwebhooks';
import { decodeBody, DecodedTooLarge, notJson, UndecodableBody } from './contentCodings.js';
import { isDroppedConnection } from './droppedConnections.js';
import { AddressRefused, guardedConnector, type Resolve } from './guardedConnector.js';
import { readOutboundRules, type OutboundSettings } from './outboundRules.js';

/** A larger answer is `invalid_response`, both before and after decoding. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The same limit for all headers together. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Signs a message: one secret, or a function that returns the secrets in force, newest first. */
export type Secret = string | (() => readonly string[]);

/** The newest secret. */
export const newest = (secret: Secret): string => secretsIn(secret)[0] ?? '';

/** One request to a buyer's server: signed JSON of Gavel's own protocol, or a request of the buyer's protocol. */
export type Message = SignedMessage | OwnMessage;

interface Addressed {
  url: string;
  /** From the first byte sent to the last one received, ms. */
  timeoutMs: number;
}

export interface SignedMessage extends Addressed {
  /** `webhook-id`: the same for each retry, so that the buyer can recognise it. */
  id: string;
  secret: Secret;
  payload: object;
  /** Changes the signed request before it is sent. Only for checks of a buyer's server. */
  alter?: (request: SignedRequest) => SignedRequest;
}

/** The signed body, and the headers of its signature. */
export interface SignedRequest {
  signature: Record<string, string>;
  body: string;
}

/** A request as the buyer's own protocol wants it, without Gavel's signature. */
export interface OwnMessage extends Addressed {
  request: { method: string; headers: Readonly<Record<string, string>>; body?: string };
  /** Whether it changes nothing if it arrives twice, so that it may be repeated after a dropped connection. */
  isRepeatable: boolean;
}

/** An HTTP answer. */
export interface Answered {
  kind: 'answer';
  status: number;
  /** Undefined if it is not JSON. */
  body: unknown;
  malformed: boolean;
  /** The decoded answer as sent: in `body`, numbers of more than 15 digits are rounded. Undefined if it can't be decoded. */
  text?: string;
  /** By name in lower case; several of one name are joined by a comma. Only of requests of the buyer's own protocol. */
  headers?: Record<string, string>;
  /** Why it could not be read; for ops. */
  detail?: string;
  retryAfterMs?: number;
}

/**
 * The result of a request; `ms` is how long it took. `isBroken`: the connection was made, but no complete HTTP answer
 * was received.
 */
export type Reply = { ms: number } & (
  | Answered
  | { kind: 'timeout' }
  | { kind: 'unreachable'; detail: string; isBroken?: boolean }
  | { kind: 'oversized'; detail: string }
);

export type Send = (message: Message) => Promise<Reply>;

interface SenderOptions {
  connectionsPerBuyer?: number;
  /** Resolves names; by default as in guardedConnector.ts. */
  resolve?: Resolve;
}

/**
 * Opens connections to buyers: only to addresses that the settings allow, kept alive, pooled per origin, without
 * following redirects.
 * @throws SettingsError if a setting on outbound connections can't be read
 */
export function openSender(
  settings: OutboundSettings,
  { connectionsPerBuyer = 128, resolve }: SenderOptions = {},
): { send: Send; close: () => Promise<void> } {
  const options: Agent.Options = {
    connections: connectionsPerBuyer,
    keepAliveTimeout: 30_000,
    maxResponseSize: MAX_ANSWER_BYTES,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: guardedConnector(readOutboundRules(settings), resolve),
  };
  const pools: Pools = {
    pooled: new Agent({ ...options, pipelining: 1 }),
    // 0 disables keep-alive (undici, "Client"): each request has its own connection.
    fresh: new Agent({ ...options, pipelining: 0 }),
  };
  return {
    send: (message) => sendMessage(pools, message),
    close: async () => {
      await Promise.all([pools.pooled.close(), pools.fresh.close()]);
    },
  };
}

/** Pools of connections: kept alive, or new for each request. */
interface Pools {
  pooled: Agent;
  fresh: Agent;
}

async function sendMessage(pools: Pools, message: Message): Promise<Reply> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  // Outside the try: a secret that can't be unwrapped is an internal error, not the buyer's.
  const outgoing = 'request' in message ? ownRequest(message) : signedRequest(message);
  const limit = timeLimit(message.timeoutMs);
  try {
    const response = await exchange(pools, message.url, { ...outgoing, signal: limit.signal });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    const { statusCode: status, headers } = response;
    return {
      ms: ms(),
      kind: 'answer',
      status,
      ...(await readBody(bytes, headers)),
      retryAfterMs: retryAfter(headers['retry-after']),
      headers: 'request' in message ? joinedHeaders(headers) : undefined,
    };
  } catch (error) {
    return { ms: ms(), ...failure(error) };
  } finally {
    limit.clear();
  }
}

/**
 * Aborts with a `TimeoutError` after some time unless it is cleared. The timer of `AbortSignal.timeout` can't be cleared:
 * it fires long after most answers, and every signal lives until then.
 */
function timeLimit(ms: number): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const expire = (): void => controller.abort(new DOMException('The time limit is over', 'TimeoutError'));
  const timer = setTimeout(expire, ms).unref();
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

/** A message as an HTTP request, for people. */
export function renderedRequest(message: Message): Omit<Outgoing, 'isRepeatable'> {
  const { isRepeatable: _, ...request } = 'request' in message ? ownRequest(message) : signedRequest(message);
  return request;
}

interface Outgoing {
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body: string | undefined;
  isRepeatable: boolean;
}

const ALWAYS = {
  'accept-encoding': 'identity',
  // Web application firewalls refuse requests without one.
  'user-agent': 'Gavel',
};

function signedRequest(message: SignedMessage): Outgoing {
  const json = JSON.stringify(message.payload);
  const signed = { signature: signatureOf(message.id, json, secretsIn(message.secret)), body: json };
  const { signature, body } = message.alter?.(signed) ?? signed;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...ALWAYS,
    ...signature,
  };
  return { method: 'POST', headers, body, isRepeatable: true };
}

const ownRequest = ({ request: { method, headers, body }, isRepeatable }: OwnMessage): Outgoing => ({
  method,
  headers: { 'user-agent': ALWAYS['user-agent'], accept: '*/*', ...headers, 'accept-encoding': 'identity' },
  body,
  isRepeatable,
});

/**
 * Sends the request. If a kept-alive connection was dropped as it was used again, the same request, signature included,
 * goes once more over a new connection, within the same time limit. This is safe for every signed message, because its
 * `id` lets the other side recognise it (docs/decisions/dropped-connections.md).
 */
async function exchange(
  { pooled, fresh }: Pools,
  url: string,
  { isRepeatable, ...outgoing }: Outgoing & { signal: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  const sendBy = (dispatcher: Agent): Promise<Dispatcher.ResponseData> =>
    request(url, { dispatcher, ...outgoing });
  try {
    return await sendBy(pooled);
  } catch (error) {
    if (outgoing.signal.aborted || !isRepeatable || !isDroppedConnection(error)) throw error;
    return await sendBy(fresh);
  }
}

/** The secrets in force, newest first. */
export const secretsIn = (secret: Secret): readonly string[] =>
  typeof secret === 'string' ? [secret] : secret();

/** The three headers of Standard Webhooks (standard-webhooks.md, "Webhook headers"), with a signature by each secret. */
export function signatureOf(
  id: string,
  body: string,
  secrets: readonly string[],
  now = new Date(),
): Record<string, string> {
  if (secrets.length === 0) throw new Error('There is no secret to sign with');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
  };
}

async function readBody(
  bytes: Buffer,
  headers: IncomingHttpHeaders,
): Promise<Pick<Answered, 'body' | 'malformed' | 'text' | 'detail'>> {
  const malformed = (detail: string) => ({ body: undefined, malformed: true, detail });
  let decoded: Uint8Array;
  try {
    decoded = await decodeBody(bytes, headers['content-encoding'], MAX_ANSWER_BYTES);
  } catch (error) {
    if (error instanceof UndecodableBody) return malformed(error.message);
    throw error;
  }
  // JSON is UTF-8 (RFC 8259, 8.1), whatever charset is named. A decoder drops a byte order mark.
  const text = decoderFor(headers['content-type']).decode(decoded);
  const asUtf8 = (): string => new TextDecoder().decode(decoded);
  return readJson(text) ?? readJson(asUtf8()) ?? { ...malformed(notJson(text)), text };
}

/** Undefined if the text is not JSON. */
function readJson(text: string): { body: unknown; malformed: false; text: string } | undefined {
  try {
    return { body: JSON.parse(text), malformed: false, text };
  } catch {
    return undefined;
  }
}

/** The decoder for the charset of a `Content-Type`; UTF-8 if it has none, or an unknown one. */
function decoderFor(contentType: string | undefined): InstanceType<typeof TextDecoder> {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

const joinedHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  );

/** `Retry-After` in ms: seconds or a date (RFC 9110, 10.2.3); undefined if it is neither. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function failure(
  error: unknown,
): { kind: 'timeout' } | { kind: 'oversized' | 'unreachable'; detail: string; isBroken?: boolean } {
  if (error instanceof errors.ResponseExceededMaxSizeError || error instanceof DecodedTooLarge)
    return { kind: 'oversized', detail: `answer over ${MAX_ANSWER_BYTES / 1024} KiB` };
  if (error instanceof errors.HeadersOverflowError)
    return { kind: 'oversized', detail: `headers over ${MAX_HEADER_BYTES / 1024} KiB` };
  if (error instanceof Error && error.name === 'TimeoutError') return { kind: 'timeout' };
  if (error instanceof AddressRefused) return { kind: 'unreachable', detail: error.message };
  const broken = brokenAnswer(error);
  if (broken !== undefined) return { kind: 'unreachable', detail: broken, isBroken: true };
  // The error's code says enough ("ECONNREFUSED"); its message may quote the address.
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'connection failed';
  return { kind: 'unreachable', detail: code };
}

/** Describes an incomplete or invalid HTTP answer; undefined for other errors. */
function brokenAnswer(error: unknown): string | undefined {
  if (error instanceof errors.HTTPParserError)
    return isTooShort(error)
      ? 'the connection was closed before the whole answer'
      : 'the answer is not valid HTTP';
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  switch (error.code) {
    case 'UND_ERR_SOCKET':
    case 'EPIPE':
      return 'the connection was closed before the whole answer';
    case 'ECONNRESET':
      return 'the connection was reset before the whole answer';
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return 'the answer does not match its Content-Length';
    default:
      return undefined;
  }
}

/** The parser reports a connection that ends in the middle of an answer. */
const isTooShort = ({ code }: { code: unknown }): boolean =>
  code === 'HPE_INVALID_EOF_STATE' || code === 'HPE_CLOSED_CONNECTION';
