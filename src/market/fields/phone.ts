import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js';
import type { Reading } from './reading.js';
import { blank, cleanText, readTypedText, typedText, wholeDigits } from './text.js';

/** A phone number in its two parts; E.164 has no place for an extension. */
export interface Phone {
  /** `+12145550187` */
  e164: string;
  extension?: string;
}

/** The country of numbers that do not name one. */
export const HOME_COUNTRY: CountryCode = 'US';

/** What stands before a number and says which one it is: `tel:`, `p:` (Meta), `Home:`. */
const LABEL =
  /^(?:tel(?:ephone)?|callto|sms|whatsapp|phone|ph|p|mobile|mob|m|cell(?:ular| ?phone)?|c|home|hm|h|work|wk|w|office|o|main|day|evening|number|no|t)(?:\s*(?:phone|number|no))?(?:\s*[.:#=]+\s*(?:\/\/)?|\s+(?=[+(]?\d))/i;
/** The same behind it: `(c)`, `h`, `(work)`. */
const LABEL_BEHIND =
  /(?<=[\d)\s])[\s,-]*[([]?\s*(?:c|h|w|m|o|cell|mobile|home|work|office|main)\.?\s*[)\]]?$/i;

/**
 * `ext. 12`, `x12`, `#12`, `;ext=12`, `,,12`; the digits may be missing, if a form left its extension empty. An x right
 * behind an exponent (`2.1E9x`) belongs to none.
 */
const EXTENSION =
  /[\s,;.\-(]*(?:(?<![a-z])(?:ext(?:ension|n)?|extn|ex|poste)(?:\s*(?:no|number))?\s*[.:=#]*\s*(\d{1,15})?|(?:(?<![a-z]|e\+?\d{1,3})xt?|;\s*ext|#|,,)\s*[.:=#]*\s*(\d{1,9})?)\s*\)?[#.]?$/i;

/** Parameters of a `tel:` address (RFC 3966) that say nothing of the number itself. */
const PARAMETERS = /;(?:phone-context|isub)=[^;]*/gi;

/** What may stand between the digits of one number. */
const PUNCTUATED = /^[\d\s+()[\].\-/\\_,~·•‐-―]*\d[\d\s+()[\].\-/\\_,~·•‐-―]*$/u;

/** Letters on a keypad, two to five to a key (ITU-T E.161). */
const KEYPAD = ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz'];

/** Between two numbers in one value. */
const BETWEEN_NUMBERS = /\s*(?:[/;|&\n]|,(?!,)|\bor\b|\band\b)\s*/i;

/**
 * A phone number as people and programs write it. The normal form is E.164, with the extension as RFC 3966 writes it:
 * `+12145550187;ext=89`. Only numbers that can exist are normalised (libphonenumber's `isValid`): a number that is
 * merely possible abroad is more likely a national one with a stray plus sign.
 */
export function readPhone(sent: string, country: CountryCode = HOME_COUNTRY): Reading {
  if (isUnfilled(cleanText(sent))) return blank(sent);
  return readTypedText(sent, 'not a phone number that can be called', (text) => {
    const phone = readOne(text, country) ?? readFirst(text, country);
    return phone && formatPhone(phone);
  });
}

/** An unfilled input mask or country prefix. */
const isUnfilled = (text: string): boolean => /^\+?1?[\s()_.-]*$/.test(text);

function readFirst(text: string, country: CountryCode): Phone | undefined {
  const [first = '', ...others] = text.split(BETWEEN_NUMBERS);
  return others.length === 0 ? undefined : readOne(first, country);
}

function readOne(text: string, country: CountryCode): Phone | undefined {
  const { dialled: written, extension } = numberIn(text) ?? {};
  // No country's code begins with a zero: the plus sign is a stray one.
  const dialled = written?.replace(/^\+(?=\D*0)/, '');
  if (dialled === undefined) return undefined;
  const e164 = parsed(dialled, country) ?? national(dialled, country);
  return e164 === undefined ? undefined : { e164, extension };
}

/** One number without its label, punctuated as it was written; undefined if there is anything else in the text. */
function numberIn(text: string): { dialled: string; extension?: string } | undefined {
  const bare = text
    .replace(PARAMETERS, '')
    .replace(LABEL, '')
    .replace(LABEL_BEHIND, '')
    // Keypads write a star between groups; a run of them is a mask.
    .replace(/(?<=\d)\*(?=\d)/g, '-')
    // The country from a form's list, before a number that has it.
    .replace(/^\+1\s*(?=\+1)/, '')
    .trim();
  const [ending, byWord, bySign] = EXTENSION.exec(bare) ?? [''];
  const extension = byWord ?? bySign;
  const number = wholeDigits(bare.slice(0, bare.length - ending.length).trim());
  const dialled = number === undefined ? undefined : onKeypad(number);
  return dialled !== undefined && PUNCTUATED.test(dialled) ? { dialled, extension } : undefined;
}

/**
 * The digits of a number that has the form of one, whether or not it can exist: `5551234567` for `(555) 123-4567 x12`.
 * Undefined if there is anything else in the text.
 */
export const dialledDigits = (sent: string): string | undefined =>
  numberIn(typedText(sent))?.dialled.replace(/\D/g, '');

/** `1-800-555-TALK` as digits; undefined for words that are no part of a number. */
function onKeypad(text: string): string | undefined {
  if (!/[a-z]/i.test(text)) return text;
  // `214-555-XXXX` hides its digits, and `214-555-O187` has a letter that was meant for a digit.
  if (/x{2}/i.test(text) || !/[a-z]{3}/i.test(text) || !/[a-hjkmnp-z]/i.test(text)) return undefined;
  const length = text.replace(/[^\da-z]/gi, '').length;
  if (!/^\+?\W*1?\W*\d{3}/.test(text) || length < 10 || length > 11) return undefined;
  return text.replace(/[a-z]/gi, (letter) =>
    String(KEYPAD.findIndex((letters) => letters.includes(letter.toLowerCase())) + 2),
  );
}

function parsed(text: string, country: CountryCode): string | undefined {
  const number = parsePhoneNumberFromString(text, { defaultCountry: country, extract: false });
  // Canada has numbers of seven digits (310-0000), which are one number only with the area that they are dialled in.
  const isWhole = number?.countryCallingCode !== '1' || number.nationalNumber.length === 10;
  return number?.isValid() === true && isWhole ? number.number : undefined;
}

/** Ten digits behind a trunk or exit code, or behind a plus sign that lacks its country: 1, 001, 01, 0111, 0, 1 (0), +. */
function national(text: string, country: CountryCode): string | undefined {
  if (country !== 'US') return undefined;
  const [, digits] = /^(?:0111|001|01|10|0|1)?([2-9]\d{9})$/.exec(text.replace(/\D/g, '')) ?? [];
  return digits === undefined ? undefined : parsed(`+1${digits}`, country);
}

const formatPhone = ({ e164, extension }: Phone): string =>
  extension === undefined ? e164 : `${e164};ext=${extension}`;

/** The parts of a number in normal form. */
export function phoneParts(normal: string): Phone {
  const [e164 = '', extension] = normal.split(';ext=', 2);
  return { e164, extension };
}

/** `214` of `+12145550187`; undefined outside of the North American Numbering Plan. @param normal in normal form */
export const areaCode = (normal: string): string | undefined => /^\+1(\d{3})\d{7}(?:;|$)/.exec(normal)?.[1];
