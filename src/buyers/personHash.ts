import { createHmac } from 'node:crypto';
import { HASH_BITS } from '../market/fields/personKeys.js';
import { newest, type Secret } from './send.js';

/**
 * A hash that a buyer compares with its own records before it bids: the first bits, in hexadecimal, of an HMAC-SHA-256
 * of a person's key, keyed like signatures with the buyer's newest secret (docs/buyer.md).
 * @param key of `personKeys`
 */
export function personHash(key: string | undefined, secret: Secret): string | undefined {
  if (key === undefined) return undefined;
  const bytes = Buffer.from(newest(secret).replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', bytes)
    .update(key)
    .digest('hex')
    .slice(0, HASH_BITS / 4);
}
