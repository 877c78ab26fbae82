import { cleanText } from './text.js';

/** The name of a field that was sent without one. */
const UNNAMED = '(unnamed)';

/**
 * The name under which a field is kept: the one that was sent, without invisible characters and outer spaces, unless
 * `isTaken` by another field. What databases, templates or programs would take for something else is percent-encoded as
 * in a URL: dots (`1.3` is `1%2E3`), a `$` in front, and the first letter of names that JavaScript's objects have
 * (`__proto__` is `%5F_proto__`). So is what looks like such a code, so that no two names become one.
 */
export function keptName(sent: string, isTaken: (name: string) => boolean = () => false): string {
  const clean = cleanText(sent);
  const name = clean !== sent && isTaken(clean) ? withCodes(sent) : clean.replace(CODE, encodeFirst);
  const safe = name.replaceAll('.', '%2E').replace(/^\$/, '%24');
  if (safe === '') return UNNAMED;
  return safe in Object.prototype || safe === 'prototype' ? encodeFirst(safe) : safe;
}

/** What reads as an encoded character. */
const CODE = /%(?=[0-9A-F]{2})/gi;

const encodeFirst = (text: string): string => encoded(text.slice(0, 1)) + text.slice(1);

const encoded = (character: string): string =>
  Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&');

/** Percent-encodes every invisible character. */
function withCodes(sent: string): string {
  return sent
    .replace(CODE, encodeFirst)
    .replace(/./gsu, (one) => (cleanText(`.${one}.`) === `.${one}.` ? one : encoded(one)))
    .replace(/^\s+|\s+$/g, (spaces) => spaces.replace(/./gs, encoded));
}

/**
 * The parts of a name that stands for one value of several, as PHP's forms write it: `interests[]`, `interests[0]`.
 * Undefined for any other name.
 */
export function listName(name: string): string | undefined {
  return /^(.+)\[\d{0,4}\]$/s.exec(name)?.[1];
}

/** A name without separators and case: `first_name`, `FirstName` and `first name` are equal. */
export const foldedName = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
