import type { IncomingHttpHeaders } from 'node:http';
import { KEY_FORM, looksLikeKey } from '../../store/keys/apiKeys.js';
import { queryOf } from './requestTarget.js';

/** Some form builders add the scheme twice: `Bearer Bearer KEY`. */
const BEARER = /^(?:Bearer +){1,2}(\S+)$/i;
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * The key in an `Authorization` header: `Bearer KEY`, or the credentials of a URL (`https://KEY@host`, `https://x:KEY@host`),
 * which clients send as `Basic`. Undefined if there is no key.
 * @param basic whether `Basic` is accepted; browsers send it automatically, even for pages of other sites
 */
export function readApiKey(header = '', { basic }: { basic: boolean }): string | undefined {
  const bearer = BEARER.exec(header)?.[1];
  if (bearer !== undefined || !basic) return bearer;
  const credentials = Buffer.from(BASIC.exec(header)?.[1] ?? '', 'base64').toString();
  return /^([^:]*):?(.*)$/s.exec(credentials)?.slice(1).find(looksLikeKey);
}

/** Headers that other APIs use for keys. */
const OTHER_HEADERS = ['x-api-key', 'api-key', 'x-auth-token', 'proxy-authorization', 'cookie'];

/** Where the key is, if it is not in the right header, and what to change. It repeats nothing that was sent. */
export function misplacedKey({ headers, url }: Asked): string | undefined {
  const { authorization = '' } = headers;
  if (KEY_FORM.test(authorization)) {
    return /^\s*gvl_\S+\s*$/.test(authorization)
      ? 'The header Authorization has a key without the word Bearer. Write "Authorization: Bearer KEY".'
      : 'The header Authorization has a key in another form. Write "Authorization: Bearer KEY".';
  }
  const holder = OTHER_HEADERS.find((name) => isKeyOf(name, headers[name]));
  if (holder !== undefined)
    return `The key is in the header ${titleOf(holder)}, which is not read. Send "Authorization: Bearer KEY" instead.`;
  if (KEY_FORM.test(queryOf(url)))
    return 'The key is in the query string, which is not read. Send it in the header "Authorization: Bearer KEY".';
  return undefined;
}

export const missingKeyMessage = ({ headers }: Asked): string =>
  (headers.authorization ?? '') === ''
    ? 'The request has no key. Send one in the header "Authorization: Bearer KEY".'
    : 'The header Authorization has no key. Send "Authorization: Bearer KEY".';

interface Asked {
  headers: IncomingHttpHeaders;
  url: string;
}

/** Browsers and proxies set the last two headers themselves. */
const isKeyOf = (name: string, value: string | string[] | undefined): boolean =>
  value !== undefined && (/^x-|^api-/.test(name) || KEY_FORM.test(String(value)));

const titleOf = (name: string): string => name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
