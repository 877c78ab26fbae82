import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { inForce, KEY_FORM, looksLikeKey } from '../../store/keys/apiKeys.js';
import type { KeyDocument } from '../../store/documents.js';
import { ApiError } from '../../operations/refusal.js';
import { addressGroup } from '../http/addressGroup.js';
import { readApiKey, misplacedKey, missingKeyMessage } from '../http/keyInHeader.js';
import type { ReadCache } from '../readCache.js';
import { secondsInWords, retryAfterHeader, type RateLimits } from '../http/rateLimits.js';

declare module 'fastify' {
  interface FastifyRequest {
    apiKey: KeyDocument | null;
  }
}

/** The key of a request that has passed this plugin. */
export function keyOf(request: FastifyRequest): KeyDocument {
  if (request.apiKey === null) throw new Error('The route is not behind the key check');
  return request.apiKey;
}

/** The seller whose key it is. */
export function sellerOf(request: FastifyRequest): string {
  const { seller } = keyOf(request);
  if (seller === undefined) throw new Error('The route is not for sellers');
  return seller;
}

/** The buyer whose key it is. */
export function buyerOf(request: FastifyRequest): string {
  const { buyer } = keyOf(request);
  if (buyer === undefined) throw new Error('The route is not for buyers');
  return buyer;
}

type Owner = 'seller' | 'buyer' | 'admin';

const KINDS: Record<Owner, { name: string; from: string }> = {
  seller: { name: 'a seller’s key', from: 'The seller hands it out.' },
  buyer: { name: 'a buyer’s key', from: 'The exchange’s operator hands it out.' },
  admin: { name: 'an admin key', from: '`gavel keys create --admin` makes one.' },
};

export const invalidKey = (problem: string): ApiError =>
  new ApiError('invalidKey', problem, { headers: { 'www-authenticate': 'Bearer' } });

/** Why a key is refused. Only who has a key that was once good learns more than that it is not known. */
function keyProblem(text: string, key: KeyDocument | null, of: Owner): string {
  const { name, from } = KINDS[of];
  if (!looksLikeKey(text)) {
    return KEY_FORM.exec(text)?.some(looksLikeKey)
      ? `There are other characters beside the key. Send only "Authorization: Bearer KEY". ${from}`
      : `This is not a whole key: a part is missing or changed. Copy it again. ${from}`;
  }
  if (key === null) return `This key is not known here. Check that it is ${name} of this exchange. ${from}`;
  const own = (['seller', 'buyer', 'admin'] as const).find((owner) => key[owner] !== undefined);
  if (own !== undefined && own !== of) return `This is ${KINDS[own].name}; send ${name} here. ${from}`;
  if (key.revokedAt)
    return `This key was revoked at ${key.revokedAt.toISOString()}. Send another one. ${from}`;
  return `This key expired at ${key.expiresAt?.toISOString() ?? ''}. Send another one. ${from}`;
}

interface Options {
  cache: ReadCache;
  limits: RateLimits;
  failuresPerMinute: number;
  /** Whose keys are let through. */
  of: Owner;
}

/**
 * Lets requests with a key in force through, before a byte of the body is read. Form and checksum are looked at first:
 * a typo or a guess costs the database nothing. Failures are limited by address and, if the key was once good, by key,
 * from however many addresses it comes. Neither slows a valid key: while an address is over its limit, its keys are looked
 * for in a list of all keys, so that made-up keys cost no query each.
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
      if (key?.[of] !== undefined && inForce(key, new Date())) {
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
          ? 'without a valid key from this address'
          : 'with this key, which is not valid here';
      throw new ApiError(
        'rateLimited',
        `Too many requests ${what}. Send the next one ${secondsInWords(full)}.`,
        {
          headers: retryAfterHeader(full),
        },
      );
    });
  },
);
