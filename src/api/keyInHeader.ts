import { looksLikeKey } from '../store/keys.js';

/** Form builders set the header from a text that holds the scheme already: `Bearer Bearer KEY`. */
const BEARER = /^(?:Bearer +){1,2}(\S+)$/i;
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * The key in an `Authorization` header: `Bearer KEY`, or credentials of an address (`https://KEY@host`, `https://x:KEY@host`),
 * which clients send as `Basic`. Undefined if there is none.
 * @param basic whether `Basic` is taken; browsers send it by themselves, also for other sites' pages
 */
export function keyInHeader(header = '', { basic }: { basic: boolean }): string | undefined {
  const bearer = BEARER.exec(header)?.[1];
  if (bearer !== undefined || !basic) return bearer;
  const credentials = Buffer.from(BASIC.exec(header)?.[1] ?? '', 'base64').toString();
  return /^([^:]*):?(.*)$/s.exec(credentials)?.slice(1).find(looksLikeKey);
}
