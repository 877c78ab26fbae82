import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { inForce, KEY_FORM, looksLikeKey } from '../../store/keys/apiKeys.js';
import type { KeyDocument } from '../../store/documents.js';
import { OperationError } from '../../operations/operationError.js';
import { HttpError } from '../http/httpError.js';
import { addressGroup } from '../http/addressGroup.js';
import { readApiKey, misplacedKey, missingKeyMessage } from '../http/keyInHeader.js';
import type { ReadCache } from '../readCache.js';
import { secondsInWords, secondsLeft, type RateLimits } from '../http/rateLimits.js';

declare module 'fastify' {
  interface FastifyRequest {
    apiKey: KeyDocument | null;
  }
}

export function keyOf(request: FastifyRequest): KeyDocument {
  if (request.apiKey === null) throw new Error('The route does not use the auth plugin');
  return request.apiKey;
}

/** A seller's key. */
export type SellerKey = KeyDocument & { seller: string };

export function sellerOf(request: FastifyRequest): string {
  const { seller } = keyOf(request);
  if (seller === undefined) throw new Error('The route is not for sellers');
  return seller;
}

/** The key of a seller’s request. */
export const sellerKeyOf = (request: FastifyRequest): SellerKey => ({
  ...keyOf(request),
  seller: sellerOf(request),
});

export function buyerOf(request: FastifyRequest): string {
  const { buyer } = keyOf(request);
  if (buyer === undefined) throw new Error('The route is not for buyers');
  return buyer;
}

type Owner = 'seller' | 'buyer' | 'admin';

const KINDS: Record<Owner, { name: string; from: string }> = {
  seller: { name: 'a seller’s key', from: 'Ask the seller for one.' },
  buyer: { name: 'a buyer’s key', from: 'Ask the operator of the exchange for one.' },
  admin: { name: 'an admin key', from: 'Create one with `gavel keys create --admin`.' },
};

export const invalidKey = (problem: string): OperationError =>
  new HttpError('invalidKey', problem, { headers: { 'www-authenticate': 'Bearer' } });

/** Why a key is rejected. Only the holder of a key that was once valid learns more than that it is unknown. */
function keyProblem(text: string, key: KeyDocument | null, of: Owner): string {
  const { name, from } = KINDS[of];
  if (!looksLikeKey(text)) {
    return KEY_FORM.exec(text)?.some(looksLikeKey)
      ? 'The header has other characters beside the key. Send only "Authorization: Bearer KEY".'
      : 'The key is incomplete or mistyped. Copy all of it again.';
  }
  if (key === null) return `The key is unknown. Check that it is ${name} of this exchange. ${from}`;
  const own = (['seller', 'buyer', 'admin'] as const).find((owner) => key[owner] !== undefined);
  if (own !== undefined && own !== of) return `This is ${KINDS[own].name}; send ${name} here. ${from}`;
  if (key.address === true)
    return `This key is part of the address /in/${key.source} and good for nothing else; send ${name} here. ${from}`;
  if (key.revokedAt)
    return `This key was revoked at ${key.revokedAt.toISOString()}. Send another key. ${from}`;
  return `This key expired at ${key.expiresAt?.toISOString() ?? ''}. Send another key. ${from}`;
}

interface Options {
  cache: ReadCache;
  limits: RateLimits;
  failuresPerMinute: number;
  of: Owner;
}

/**
 * Authenticates requests before their body is read. Format and checksum are checked first, so that typos and guesses need no
 * query. Failed attempts are rate-limited by address and, if the key was once valid, by key across all addresses. Valid keys
 * are never limited by this: while an address is over its limit, its keys are looked up in a cached list of all keys, so that
 * invented keys need no query.
 */
export const auth = plugin(
  async (app: FastifyInstance, { cache, limits, failuresPerMinute, of }: Options) => {
    app.decorateRequest('apiKey', null);
    const mayBeKey = async (text: string, address: string): Promise<boolean> =>
      looksLikeKey(text) && (!limits.isExhausted(address) || cache.isListedKey(text));
    app.addHook('onRequest', async (request) => {
      const text = readApiKey(request.headers.authorization, { basic: of !== 'admin' });
      const address = `address:${addressGroup(request.ip)}`;
      const key = text !== undefined && (await mayBeKey(text, address)) ? await cache.key(text) : null;
      if (key?.[of] !== undefined && key.address !== true && inForce(key, new Date())) {
        request.apiKey = key;
        return;
      }
      const buckets = [address, ...(key === null ? [] : [`refused:${key._id}`])];
      const windows = await Promise.all(buckets.map((bucket) => limits.consume(bucket, failuresPerMinute)));
      const full = windows.find(({ allowed }) => !allowed);
      const problem = (): string =>
        text === undefined
          ? (misplacedKey(request) ?? `${missingKeyMessage(request)} ${KINDS[of].from}`)
          : keyProblem(text, key, of);
      if (full === undefined) throw invalidKey(problem());
      const what =
        full === windows[0]
          ? 'from this address'
          : 'with this key, which is revoked, expired or of the wrong kind';
      throw new OperationError(
        'rateLimited',
        `Too many failed authentication attempts ${what}. Send the next request ${secondsInWords(full)}.`,
        {
          retryAfterS: secondsLeft(full),
        },
      );
    });
  },
);
