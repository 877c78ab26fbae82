import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';
import { textOf, type LeadFields } from './standardFields.js';
import { readEmail } from './email.js';
import { dialledDigits, HOME_COUNTRY, phoneParts, readPhone } from './phone.js';
import { isPlaceholderEmail, isPlaceholderPhone } from './placeholders.js';
import type { FieldValue } from './reading.js';
import { typedText } from './text.js';

/** A phone number and an e-mail address, as written. */
export interface Contact {
  phone?: string;
  email?: string;
}

/**
 * The texts by which one person is recognised, each absent if there is nothing to recognise the person by. Duplicates,
 * suppression lists, erasure, search and the hashes for buyers all compare these (docs/decisions/match-key.md).
 */
export interface PersonKeys {
  /** E.164 without an extension; for anything else, its digits. */
  phone?: string;
  /** In lower case, its domain in ASCII. */
  email?: string;
}

/**
 * How many bits of the hash of a key a buyer gets, if its contract asks for hashes. The buyer has the key of the hash, so it
 * can hash every phone number of an area code (8 million) and see which ones fit: 120 do with 16 bits, 8 with 20 bits, and
 * with 32 bits only the right one (docs/decisions/person-hashes.md).
 */
export const HASH_BITS = 16;

/**
 * The number of this rule, which is stored with the keys. Raise it if a text gets another key than before: `gavel upgrade`
 * then computes the keys of stored leads again.
 */
export const KEY_RULE = 3;

/** The same keys for every way in which one phone number or e-mail address is written. */
export function personKeys(contact: Contact, country: CountryCode = HOME_COUNTRY): PersonKeys {
  return withoutPlaceholders(allKeys(contact, country));
}

const allKeys = ({ phone, email }: Contact, country: CountryCode): PersonKeys => ({
  phone: phone === undefined ? undefined : phoneKey(phone, country),
  email: email === undefined ? undefined : emailKey(email),
});

const withoutPlaceholders = ({ phone, email }: PersonKeys): PersonKeys => ({
  phone: phone === undefined || isPlaceholderPhone(phone) ? undefined : phone,
  email: email === undefined || isPlaceholderEmail(email) ? undefined : email,
});

/** Whether a value has no key because it is a placeholder. */
export function isPlaceholder(contact: Contact, country: CountryCode = HOME_COUNTRY): boolean {
  const { phone = '', email = '' } = allKeys(contact, country);
  return isPlaceholderPhone(phone) || isPlaceholderEmail(email);
}

/** The phone and e-mail of a lead's fields. */
export const contactOf = (fields: Readonly<Record<string, FieldValue>>): Contact => ({
  phone: textOf(fields, 'phone'),
  email: textOf(fields, 'email'),
});

/** The same, as the source wrote them. */
export const sentContact = ({ fields, sent }: Pick<LeadFields, 'fields' | 'sent'>): Contact =>
  contactOf({ ...fields, ...sent });

/** Asterisks, bullets and runs of x hide characters, and many persons share one masked value. */
const MASK = /[*•●]|x{2,}|_{2,}|#{2,}|\.{3,}/i;
/** A spreadsheet's `2.15E+09` has lost digits: many numbers look the same in it. */
const ROUNDED = /^\d(?:[.,]\d+)?e\+?\d+$/i;
/** Fewer digits are a part of a number, more are several. */
const OWN_DIGITS = /^\d{7,15}$/;

function phoneKey(sent: string, country: CountryCode): string | undefined {
  const { value, note } = readPhone(sent, country);
  if (value !== undefined) return phoneParts(value).e164;
  const text = typedText(sent);
  if (note === undefined || MASK.test(text) || ROUNDED.test(text)) return undefined;
  const digits = ownDigits(dialledDigits(sent) ?? text);
  return digits === undefined ? undefined : (americanNumber(digits, country) ?? digits);
}

/**
 * Ten digits are one number however they are written, also if no such number was given out: 555-123-4567. The key does
 * not depend on which area codes the library knows, or new ones would change the keys of numbers that are stored.
 */
function americanNumber(digits: string, country: CountryCode): string | undefined {
  const [, number] = (country === 'US' && /^(?:0111|001|01|10|0|1)?(\d{10})$/.exec(digits)) || [];
  return number === undefined ? undefined : `+1${number}`;
}

/** Without a plus sign, so that it never equals a number in E.164. */
function ownDigits(text: string): string | undefined {
  const digits = text.replace(/\D/g, '');
  return OWN_DIGITS.test(digits) ? digits : undefined;
}

function emailKey(sent: string): string | undefined {
  const { value, note } = readEmail(sent);
  if (value === undefined && note === undefined) return undefined;
  const text = value ?? typedText(sent).toLowerCase();
  return text.includes('@') && !/\*{2}|[•●]/.test(text) ? text : undefined;
}

/**
 * The keys by the rule of releases up to 0.1.0. Suppression lists contain only hashes, so entries imported then stay
 * under these keys and are still found by them.
 */
export function formerPersonKeys({ phone, email }: Contact): PersonKeys {
  const number = phone === undefined ? undefined : parsePhoneNumberFromString(phone, 'US');
  const digits = phone?.replace(/\D/g, '');
  return withoutPlaceholders({
    phone: (number?.isPossible() === true ? number.number : digits) || undefined,
    email: email?.trim().toLowerCase() || undefined,
  });
}
