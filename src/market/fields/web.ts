import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

/** Addresses that machines have among themselves; documentation's own (203.0.113.0/24) pass for public ones. */
const NOT_PUBLIC = new Set([
  'private',
  'loopback',
  'linkLocal',
  'uniqueLocal',
  'carrierGradeNat',
  'unspecified',
  'broadcast',
  'multicast',
]);

/**
 * The first public IP address of a value or of a proxy's list of them, in its one spelling (RFC 5952 for IPv6, IPv4 for
 * mapped ones), without port, brackets, zone and the words of RFC 7239.
 */
export const readIp = (sent: string): Reading =>
  readTypedText(sent, 'not a public IP address', (text) =>
    text
      .split(/[\s,;]+/)
      .map(publicAddress)
      .find((address) => address !== undefined),
  );

function publicAddress(part: string): string | undefined {
  const bare = part.replace(/^(?:for|by)=/i, '').replace(/^["'[]+|["']+$/g, '');
  const host = bare
    .replace(/\](?::\d{1,5})?$/, '')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/, '$1')
    .replace(/%.*$/, '');
  if (isIP(host) === 0) return undefined;
  const address = ipaddr.process(host);
  if (NOT_PUBLIC.has(address.range())) return undefined;
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** The address of a web page, as the URL standard writes it; https if it names no scheme. Credentials are not taken. */
export const readUrl = (sent: string): Reading =>
  readTypedText(sent, 'not the address of a web page', pageIn);

function pageIn(text: string): string | undefined {
  const whole = /^\/\//.test(text)
    ? `https:${text}`
    : /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text)
      ? text
      : `https://${text}`;
  if (!URL.canParse(whole)) return undefined;
  const url = new URL(whole);
  const isPage = url.protocol === 'https:' || url.protocol === 'http:';
  const isNamed = url.hostname.includes('.') || url.hostname.startsWith('[');
  return isPage && isNamed && url.username === '' && url.password === '' ? url.href : undefined;
}
