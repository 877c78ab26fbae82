import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { inForce, looksLikeKey, type KeyDocument } from '../../store/keys.js';
import { ApiError } from '../apiError.js';
import { countedAddress } from '../countedAddress.js';
import { keyInHeader } from '../keyInHeader.js';
import type { Lookups } from '../lookups.js';
import { retryAfter, type RateLimits } from '../rateLimits.js';

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

const HANDED_OUT: Record<Owner, string> = {
  seller: 'of this seller in the header "Authorization: Bearer KEY"; the seller hands it out',
  buyer: 'of a buyer in the header "Authorization: Bearer KEY"; the exchange hands it out',
  admin: 'for the admin API in the header "Authorization: Bearer KEY"; `gavel keys create --admin` makes one',
};

/** One answer for every way in which a key is no good, so that nothing can be learnt from it. */
export const invalidKey = (of: Owner = 'seller'): ApiError =>
  new ApiError('invalidKey', `Send a valid key ${HANDED_OUT[of]}.`, {
    headers: { 'www-authenticate': 'Bearer' },
  });

interface Options {
  lookups: Lookups;
  limits: RateLimits;
  failuresPerMinute: number;
  /** Whose keys are let through; any other is as good as none. */
  of: Owner;
}

/**
 * Lets requests with a key in force through, before a byte of the body is read. Form and checksum are looked at first:
 * a typo or a guess costs the database nothing. Failures are limited by address and, if the key was once good, by key,
 * from however many addresses it comes. Neither slows a valid key: while an address is over its limit, its keys are looked
 * for in a list of all keys, so that made-up keys cost no query each.
 */
export const auth = plugin(
  async (app: FastifyInstance, { lookups, limits, failuresPerMinute, of }: Options) => {
    app.decorateRequest('apiKey', null);
    const mayBeKey = async (text: string, address: string): Promise<boolean> =>
      looksLikeKey(text) && (!limits.isUsedUp(address) || lookups.isListedKey(text));
    app.addHook('onRequest', async (request) => {
      const text = keyInHeader(request.headers.authorization, { basic: of !== 'admin' });
      const address = `address:${countedAddress(request.ip)}`;
      const key = text !== undefined && (await mayBeKey(text, address)) ? await lookups.key(text) : null;
      if (key?.[of] !== undefined && inForce(key, new Date())) {
        request.apiKey = key;
        return;
      }
      const buckets = [address, ...(key === null ? [] : [`refused:${key._id}`])];
      const windows = await Promise.all(buckets.map((bucket) => limits.take(bucket, failuresPerMinute)));
      const full = windows.find(({ allowed }) => !allowed);
      if (full === undefined) throw invalidKey(of);
      throw new ApiError(
        'rateLimited',
        'Too many failed authentication attempts from this address or with this revoked key.',
        {
          headers: retryAfter(full),
        },
      );
    });
  },
);
