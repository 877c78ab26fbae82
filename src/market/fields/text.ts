import { decodeHTML } from 'entities';
import type { Reading } from './reading.js';

/**
 * Characters that show nothing: zero-width space, byte order mark, word joiner and invisible operators, soft hyphen,
 * combining grapheme joiner, marks of writing direction, Mongolian and Khmer inherent vowels, annotation marks.
 */
const INVISIBLE =
  /[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|\u034F|\u17B4|\u17B5/gu;

/** Hangul fillers and the blank Braille cell look like spaces but are not. */
const BLANK_LETTERS = /[\u115F\u1160\u2800\u3164\uFFA0]/gu;

/** Joiners have a meaning within emoji and within the scripts that need them, such as Persian and Hindi. */
const JOINERS = /[\u200C\u200D]/gu;
const JOINS_AFTER = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]$|[\p{L}\p{M}]$/u;
const JOINS_BEFORE = /^[\p{Extended_Pictographic}\p{L}\p{M}]/u;
const NEVER_JOINS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}]/u;

const LINE_BREAKS = /\r\n?|[\u0085\u2028\u2029]/gu;
/** C0 and C1 controls but tab and line feed, halves of surrogate pairs, noncharacters. */
const CONTROLS = /(?![\t\n])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;

/** Shows something: a letter, a digit, a sign, an emoji. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A text as a person reads it: composed (NFC), without invisible and control characters, with plain spaces and line
 * feeds, trimmed. Empty if nothing can be seen. Does not change a text that is so already.
 */
export function cleanText(sent: string): string {
  const text = sent
    .normalize('NFC')
    .replace(LINE_BREAKS, '\n')
    .replace(CONTROLS, '')
    .replace(INVISIBLE, '')
    .replace(BLANK_LETTERS, ' ')
    .replace(JOINERS, keepWhereItJoins)
    .replace(/\p{Zs}/gu, ' ')
    .trim();
  return VISIBLE.test(text) ? text.normalize('NFC') : '';
}

function keepWhereItJoins(joiner: string, offset: number, text: string): string {
  const before = text.slice(Math.max(0, offset - 2), offset);
  const after = text.slice(offset + 1, offset + 3);
  const joins =
    JOINS_AFTER.test(before) &&
    JOINS_BEFORE.test(after) &&
    !NEVER_JOINS.test(before.slice(-1)) &&
    !NEVER_JOINS.test(after.slice(0, 1));
  return joins ? joiner : '';
}

/**
 * Words that programs and people write for "nothing". They count only as the whole value. Null, None, Na and Nan are
 * surnames, so names, cities and free text are never compared with them.
 */
const NULL_LIKE = new RegExp(
  [
    String.raw`[[(<]?(?:null|nil|undefined|nan|none|n/?a|n\.a\.?|not applicable|blank|empty)[\])>]?`,
    String.raw`\[object \w+\]`,
    // Errors of spreadsheets.
    String.raw`#(?:n/a|null!|ref!|value!|name\?|num!|div/0!)`,
    String.raw`[-\u2010-\u2015_]+`,
    // The first line of a drop-down.
    String.raw`[-\u2010-\u2015\s]*(?:please\s+)?(?:select|choose)(?:\s+(?:an?|one|your|the|from|list|below|here|option|answer|value|item|state|country|type|status|year|month|day|date|time|make|model))*[-\u2010-\u2015\s.:\u2026]*`,
    // Placeholders of templates that were not filled in.
    String.raw`\{\{.*\}\}|\$?\{[\w.:-]+\}|%%.*%%|\[\[.*\]\]|<%.*%>|\*\|.*\|\*`,
  ].join('|'),
  'iu',
);
const WHOLE_NULL_LIKE = new RegExp(`^(?:${NULL_LIKE.source})$`, 'iu');

/** @param text cleaned */
export const isNullLike = (text: string): boolean => text.length <= 200 && WHOLE_NULL_LIKE.test(text);

/** The reading of a value that is empty or says so. */
export const blank = (original: string): Reading<never> => ({ original });

export interface TextOptions {
  /** How the source writes: `html` decodes character references (`&amp;`), once. */
  decode?: 'html';
}

/** Free text. Markup stays as it is: it is escaped where it is shown. */
export function readText(sent: string, { decode }: TextOptions = {}): Reading {
  const text = cleanText(decode === 'html' ? decodeHTML(sent) : sent);
  return text === '' ? blank(sent) : { value: text, original: sent };
}

/** A custom field that has no declared type: free text, in which words for "nothing" count as blank. */
export function readCustom(sent: string): Reading {
  const text = cleanText(sent);
  return text === '' || isNullLike(text) ? blank(sent) : { value: text, original: sent };
}

/**
 * The text of a field with a type, as its reader starts: compatibility forms folded (full-width digits, ligatures),
 * cleaned, without what spreadsheets put around a value (`'02108`, `="02108"`). Empty if blank or null-like.
 */
export function typedText(sent: string): string {
  const text = cleanText(sent.normalize('NFKC'))
    .replace(OTHER_DIGITS, (digit) => String(digit.charCodeAt(0) - zeroBefore(digit.charCodeAt(0))))
    .replace(/^=?"(.*)"$/su, '$1')
    .replace(/^'(?=[\d+(])/u, '')
    .trim();
  return isNullLike(text) ? '' : text;
}

/** Zeros of the scripts whose digits forms send: Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Thai. */
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xc66, 0xe50];
const OTHER_DIGITS = new RegExp(
  `[${ZEROS.map((zero) => `${String.fromCharCode(zero)}-${String.fromCharCode(zero + 9)}`).join('')}]`,
  'gu',
);
const zeroBefore = (code: number): number => ZEROS.findLast((zero) => zero <= code) ?? code;

/** No typed value is longer than this; the readers' patterns are never tried on more, characters. */
const LONGEST_TYPED = 500;

/**
 * Reads a field with a type: blank and null-like values count as not sent, and what `parse` does not understand is kept
 * with the problem as its note.
 * @param parse given the value as `typedText` makes it; its result is a normal form, maybe with a note
 */
export function readTypedText(
  sent: string,
  problem: string,
  parse: (text: string) => string | Omit<Reading, 'original'> | undefined,
): Reading {
  const text = typedText(sent);
  if (text === '') return { original: sent };
  const parsed = text.length > LONGEST_TYPED ? undefined : parse(text);
  if (parsed === undefined) return { original: sent, note: `${problem}; kept as sent` };
  return typeof parsed === 'string' ? { value: parsed, original: sent } : { ...parsed, original: sent };
}

/**
 * Digits that a spreadsheet or a program wrote as a number: `2145550187.0`, `2.145550187E+9`, `2,145,550,187`.
 * Undefined if scientific notation has lost digits; the text itself if it is nothing of the kind.
 */
export function wholeDigits(text: string): string | undefined {
  const [, head = '', tail = '', power = ''] = /^(\d)(?:[.,](\d+))?e\+?(\d{1,3})$/i.exec(text) ?? [];
  if (head !== '') return tail.length === Number(power) ? head + tail : undefined;
  return text.replace(/^(\d+)\.0+$/, '$1');
}

/** The longest value that a lead may have, characters. */
export const MAX_VALUE = 10_000;
