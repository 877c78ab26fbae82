import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

export interface EmailOptions {
  /** The value came in a query or a form, where an unencoded plus sign arrives as a space. */
  plusWasSpace?: boolean;
}

/** Local part (RFC 5321 and RFC 6531: letters of any script), without quoted forms, which are not used in practice. */
const LOCAL = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
/** A public host name: labels, and a last one that is not a number. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;

/**
 * An e-mail address as people and address books write it. The normal form is lower case, with an international domain in
 * ASCII. What was encoded twice is decoded; a space is removed only beside the @, because elsewhere it may stand for a
 * character that was lost (`jane ads@` is not `janeads@`).
 */
export const readEmail = (sent: string, { plusWasSpace = false }: EmailOptions = {}): Reading =>
  readTypedText(sent, 'not an e-mail address', (text) => addressIn(text, plusWasSpace));

function addressIn(text: string, plusWasSpace: boolean): string | undefined {
  const bracketed = /<\s*([^<>]+?)\s*>/.exec(text)?.[1];
  const bare = (bracketed ?? text)
    .replace(/^e-?mail\s*:\s*/i, '')
    .replace(/^mailto:\s*/i, '')
    .replace(/(@[^?]*)\?.*$/, '$1');
  const decoded = /%(?:40|2b|2e|20)/i.test(bare) ? decodePercent(bare) : bare;
  const [first = ''] = decoded.split(/\s*[;,|\n]\s*|(?<=@\S+)\s+(?:(?:or|and|&|\/)\s+)?(?=\S+@)/i);
  const tidy = first
    .replace(/\s*@\s*/g, '@')
    .replace(/(?<=\S)\s*\([^()@]*\)$/, '')
    .replace(/^[\s"'(<[]+/, '')
    .replace(/[\s"').,:;>\]]+$/, '');
  return normalised(plusWasSpace ? tidy.replace(/^(\S+) (\S+@)/, '$1+$2') : tidy);
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 5321, section 4.5.3.1: 64 octets for the local part, 254 for the whole. */
function normalised(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at).toLowerCase();
  const domain = asciiDomain(address.slice(at + 1));
  if (at < 1 || domain === undefined || !LOCAL.test(local)) return undefined;
  const whole = `${local}@${domain}`;
  return local.length <= 64 && whole.length <= 254 && DOMAIN.test(domain) ? whole : undefined;
}

function asciiDomain(domain: string): string | undefined {
  if (/[\s/\\?#:@[\]%]/.test(domain)) return undefined;
  return URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname : undefined;
}
