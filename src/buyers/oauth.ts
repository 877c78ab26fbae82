import type { RenderedOAuth2 } from '../market/protocol/request.js';
import { basicAuth } from '../market/protocol/request.js';
import { formText } from '../market/protocol/bodies.js';
import { isObject } from './buyerText.js';
import type { Send } from './send.js';

/*
 * Access tokens of OAuth 2.0 client credentials (RFC 6749, section 4.4). They are kept in the process until shortly before
 * they expire, and several requests that need one share one fetch.
 */

/** A token, or why there is none. */
export type Token = { token: string } | { problem: string };

interface Kept {
  token: string;
  /** UTC ms. */
  until: number;
}

/** A token is fetched again this long before its end, ms. */
const EARLY_MS = 60_000;
/** How long a token without `expires_in` is kept, ms. */
const DEFAULT_MS = 300_000;
const MOST_TOKENS = 1000;
const LONGEST_TOKEN = 8000;

export class TokenCache {
  private readonly kept = new Map<string, Kept>();
  private readonly fetching = new Map<string, Promise<Token>>();

  /** @param limitMs how long the fetch may take */
  async get(send: Send, client: RenderedOAuth2, limitMs: number): Promise<Token> {
    const key = keyOf(client);
    const kept = this.kept.get(key);
    if (kept !== undefined && kept.until > Date.now()) return { token: kept.token };
    const running = this.fetching.get(key);
    if (running !== undefined) return running;
    const fetched = this.fetch(send, client, limitMs).finally(() => this.fetching.delete(key));
    this.fetching.set(key, fetched);
    return fetched;
  }

  /** Forgets a token that the buyer refused, unless another one has taken its place. */
  forget(client: RenderedOAuth2, token: string): void {
    const key = keyOf(client);
    if (this.kept.get(key)?.token === token) this.kept.delete(key);
  }

  private async fetch(send: Send, client: RenderedOAuth2, limitMs: number): Promise<Token> {
    const reply = await send(tokenRequest(client, limitMs));
    if (reply.kind === 'timeout') return { problem: 'no token in time' };
    if (reply.kind !== 'answer') return { problem: `no token: ${reply.detail}` };
    if (reply.status < 200 || reply.status > 299) return { problem: `no token: HTTP ${reply.status}` };
    const { access_token: token, expires_in: expiresIn } = isObject(reply.body) ? reply.body : {};
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || token.length > LONGEST_TOKEN)
      return { problem: 'no token: the answer has no access_token' };
    const seconds = Number(expiresIn);
    const ms = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_MS;
    if (this.kept.size >= MOST_TOKENS) this.kept.clear();
    this.kept.set(keyOf(client), { token, until: Date.now() + Math.max(ms - EARLY_MS, ms / 2) });
    return { token };
  }
}

const keyOf = ({ tokenUrl, clientId, clientSecret, scope, audience }: RenderedOAuth2): string =>
  JSON.stringify([tokenUrl, clientId, clientSecret, scope, audience]);

function tokenRequest(client: RenderedOAuth2, timeoutMs: number): Parameters<Send>[0] {
  const { tokenUrl, clientId, clientSecret, scope, audience, sendIn } = client;
  const inBody: [string, string][] =
    sendIn === 'body'
      ? [
          ['client_id', clientId],
          ['client_secret', clientSecret],
        ]
      : [];
  const asked: [string, string | undefined][] = [
    ['scope', scope],
    ['audience', audience],
  ];
  const pairs: [string, string][] = [
    ['grant_type', 'client_credentials'],
    ...asked.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
    ...inBody,
  ];
  // Id and secret are form-encoded before they are joined (RFC 6749, section 2.3.1).
  const encoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
  return {
    url: tokenUrl,
    timeoutMs,
    isRepeatable: true,
    request: {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        ...(sendIn === 'header'
          ? { authorization: basicAuth(encoded(clientId), encoded(clientSecret)) }
          : {}),
      },
      body: formText(pairs),
    },
  };
}
