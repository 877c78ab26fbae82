import { isIP } from 'node:net';
import Format from 'typebox/format';
import { stateCode } from './fields/state.js';

/** What is wrong with a value in a few words for the person who sent it, or undefined where nothing is. */
export type Form = (value: string) => string | undefined;

const must = (holds: (value: string) => boolean, problem: string): Form => {
  return (value) => (holds(value) ? undefined : problem);
};

/** An extension ("ext. 12", "x12", "#12") is no part of the number. */
const EXTENSION = /\s*(?:ext|x|#)\.?\s*\d{1,6}$/i;

/** 7 digits are a local number, 15 the most that E.164 allows; between them, punctuation is free. */
function isPhone(value: string): boolean {
  const number = value.replace(EXTENSION, '');
  const digits = number.replace(/\D/g, '').length;
  return digits >= 7 && digits <= 15 && !/\p{L}/u.test(number);
}

/** RFC 5321 limits the length; a mailbox that the internet can reach has a dot in its domain. */
const isEmail = (value: string): boolean =>
  value.length <= 254 && Format.IsEmail(value) && /\.[^.@]{2,}$/.test(value);

function urlOf(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

const isWebPage = (value: string): boolean => ['http:', 'https:'].includes(urlOf(value)?.protocol ?? '');

function isTrustedFormCert(value: string): boolean {
  const url = urlOf(value);
  return url?.protocol === 'https:' && url.host === 'cert.trustedform.com' && url.pathname.length > 1;
}

export const phone = must(isPhone, 'not a phone number of 7 to 15 digits');
export const state = must((value) => stateCode(value) !== undefined, 'not a US state or territory');
export const email = must(isEmail, 'not an e-mail address');
export const zip = must(
  (value) => /^\d{5}(-?\d{4})?$/.test(value),
  'not a ZIP code of 5 or 9 digits (send it as text, so that leading zeros stay)',
);
export const city = must((value) => /\p{L}/u.test(value), 'not the name of a city');
export const ip = must((value) => isIP(value) !== 0, 'not an IPv4 or IPv6 address');
export const webPage = must(isWebPage, 'not an http or https address');
export const time = must(
  (value) => /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) && Format.IsDateTime(value),
  'not a date and time with its offset (2026-11-24T14:33:05-06:00, or Z for UTC)',
);
export const trustedFormCert = must(
  isTrustedFormCert,
  'not a certificate address (https://cert.trustedform.com/…)',
);
export const jornayaLeadId = must(
  (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  'not a LeadiD token (8-4-4-4-12 hexadecimal digits)',
);
