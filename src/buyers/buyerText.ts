import { cleanText } from '../market/fields/text.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered } from './send.js';

/*
 * Screening of all free text from buyers, ids included; nothing else reads it. Text is kept only without control
 * characters, within its maximum length, and if it does not identify the person.
 */

/** The maximum length of an id, in bytes of UTF-8. */
const MAX_ID_BYTES = 200;

/** The length to which a reason is cut, and the length up to which a longer one is screened; characters. */
const MAX_REASON = 80;
const MAX_SCREENED = 1000;

/** Text from a buyer after screening. */
export interface ScreenedText {
  kept?: string;
  /** Why nothing is kept of it, worded by Gavel; for ops. */
  note?: string;
}

/** The reason of a refusal or of no bid, after screening. */
export interface ScreenedReason {
  /** A single word, such as `duplicate`. It may be written anywhere. */
  code?: string;
  /** The reason in the buyer's words. Only for the database: never for Temporal, logs or metrics. */
  words?: string;
  note?: string;
}

export const isObject = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

/** An optional key of an answer; `null` counts as absent. */
export const optional = ({ body }: Pick<Answered, 'body'>, key: string): unknown =>
  isObject(body) && Object.hasOwn(body, key) ? (body[key] ?? undefined) : undefined;

/** The buyer's id of its bid or of the lead. Of a number, the digits are kept as sent. */
export function buyerId(
  answer: Pick<Answered, 'body' | 'text'>,
  key: string,
  namesPerson: PersonScreen,
): ScreenedText {
  const value = optional(answer, key);
  if (value === undefined) return {};
  if (typeof value !== 'string' && typeof value !== 'number')
    return { note: `${key} is ${kindOf(value)} and was not kept` };
  const id = typeof value === 'number' ? numberAsWritten(answer, key, value) : value;
  if (id === undefined) return { note: `${key} is a number that JSON can't hold and was not kept` };
  return screenedId(key, id, namesPerson);
}

/** An id as the buyer wrote it. @param key what to call it in a note */
export function screenedId(key: string, given: string | undefined, namesPerson: PersonScreen): ScreenedText {
  const id = withoutControls(given ?? '');
  if (id === '') return {};
  if (Buffer.byteLength(id) > MAX_ID_BYTES)
    return { note: `${key} is over ${MAX_ID_BYTES} bytes and was not kept` };
  return namesPerson(id) ? { note: `${key} may name the person and was not kept` } : { kept: id };
}

/** The `reason` of an answer. */
export function buyerReason(answer: Pick<Answered, 'body'>, namesPerson: PersonScreen): ScreenedReason {
  const value = optional(answer, 'reason');
  if (value === undefined) return {};
  if (typeof value !== 'string' && typeof value !== 'number') return { note: `reason is ${kindOf(value)}` };
  return screenedReason(String(value), namesPerson);
}

/** A reason in the buyer's words, and as the word that its protocol has for it. */
export function reasonOf(
  { reason, code }: { reason?: string; code?: string },
  namesPerson: PersonScreen,
): ScreenedReason {
  const screened = reason === undefined ? {} : screenedReason(reason, namesPerson);
  return code === undefined ? screened : { ...screened, code };
}

export function screenedReason(given: string, namesPerson: PersonScreen): ScreenedReason {
  const reason = withoutControls(given.slice(0, MAX_SCREENED)).replace(/\s+/g, ' ');
  if (reason === '') return {};
  if (namesPerson(reason)) return { note: 'its reason may name the person and was not kept' };
  const characters = Array.from(reason);
  const words = characters.length > MAX_REASON ? `${characters.slice(0, MAX_REASON - 1).join('')}…` : reason;
  return isCode(words) ? { code: words, words } : { words };
}

/** A single word in the form of a code; it can hardly identify a person. */
const isCode = (text: string): boolean => /^[a-z][\w.-]{0,39}$/i.test(text);

/**
 * Combines a reason with Gavel's own text: `detail` may be written anywhere, `words` only to the database.
 * @param own Gavel's description of the answer, for instance its status
 */
export function explained(
  { code, words, note }: ScreenedReason,
  own?: string,
): { detail?: string; words?: string } {
  const safe = code ?? note ?? (words !== undefined && own === undefined ? IN_OWN_WORDS : undefined);
  return { detail: joined(': ', own, safe), words: words && joined(': ', own, words) };
}

/** Shown in Temporal's UI instead of free text. */
const IN_OWN_WORDS = 'in its own words, see `gavel leads show`';

const joined = (separator: string, ...parts: (string | undefined)[]): string | undefined =>
  parts.filter((part) => part !== undefined).join(separator) || undefined;

/** Joins notes on ignored or dropped parts of an answer, for ops. */
export const notesOf = (...notes: (string | undefined)[]): string | undefined => joined('; ', ...notes);

/** The type of a value without the value: `a string`, `an array`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'number' ? 'a number' : 'an object';
}

/**
 * Terminal control sequences (ECMA-48: CSI, OSC and others) with their parameters. Removing the ESC alone would leave
 * the rest as text.
 */
const SEQUENCES =
  // oxlint-disable-next-line no-control-regex -- the sequences consist of control characters
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;

/** On one line, without control characters, invisible characters and marks of writing direction. */
export const withoutControls = (text: string): string =>
  cleanText(text.replace(SEQUENCES, ''))
    .replace(/[\n\t]+/g, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .trim();

/** The digits of a number as sent, which JavaScript rounds beyond 2^53; undefined if they can't be recovered. */
function numberAsWritten({ text }: Pick<Answered, 'text'>, key: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  if (text === undefined) return undefined;
  const exact: unknown = JSON.parse(withNumbersAsText(text));
  const written = optional({ body: exact }, key);
  return typeof written === 'string' && /^-?\d+$/.test(written) ? written : undefined;
}

/** Puts the numbers of JSON in quotes. Strings are matched first, so that digits in them are not numbers. */
const withNumbersAsText = (json: string): string =>
  json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
