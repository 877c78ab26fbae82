import { cleanText } from '../market/fields/text.js';
import type { PersonScreen } from './personScreen.js';
import type { Answered } from './send.js';

/*
 * The one gate for the words of a buyer. Whatever a buyer says of a lead in its own words, ids included, is read here and
 * nowhere else: it is kept only without control characters, within its length, and if it does not give the person away.
 */

/** The longest id that is kept, in bytes of UTF-8. */
const MAX_ID_BYTES = 200;

/** How much of a reason is kept, and how much of a longer one is looked at; characters. */
const MAX_REASON = 80;
const MAX_SCREENED = 1000;

/** A word of the buyer's as it may be kept. */
export interface ScreenedText {
  kept?: string;
  /** Why nothing is kept of what was sent: for ops, and in our own words. */
  note?: string;
}

/** Why a buyer refuses or does not bid. */
export interface ScreenedReason {
  /** A single word, such as `duplicate`. It may go wherever our own words go. */
  code?: string;
  /** The reason as the buyer gave it. In the database only: never in Temporal, logs or metrics. */
  words?: string;
  note?: string;
}

export const isObject = (body: unknown): body is Record<string, unknown> =>
  typeof body === 'object' && body !== null && !Array.isArray(body);

/** An optional key of an answer; `null` is the same as absent. */
export const optional = ({ body }: Pick<Answered, 'body'>, key: string): unknown =>
  isObject(body) && Object.hasOwn(body, key) ? (body[key] ?? undefined) : undefined;

/** An id that a buyer gives: its bid's or its lead's. A number is taken as it was written. */
export function buyerId(
  answer: Pick<Answered, 'body' | 'text'>,
  key: string,
  namesPerson: PersonScreen,
): ScreenedText {
  const value = optional(answer, key);
  if (value === undefined) return {};
  if (typeof value !== 'string' && typeof value !== 'number')
    return { note: `${key} is ${kindOf(value)} and was not kept` };
  const id = typeof value === 'number' ? numberAsWritten(answer, key, value) : withoutControls(value);
  if (id === undefined) return { note: `${key} is a number that JSON can't hold and was not kept` };
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

export function screenedReason(given: string, namesPerson: PersonScreen): ScreenedReason {
  const reason = withoutControls(given.slice(0, MAX_SCREENED)).replace(/\s+/g, ' ');
  if (reason === '') return {};
  if (namesPerson(reason)) return { note: 'its reason may name the person and was not kept' };
  const characters = Array.from(reason);
  const words = characters.length > MAX_REASON ? `${characters.slice(0, MAX_REASON - 1).join('')}…` : reason;
  return isCode(words) ? { code: words, words } : { words };
}

/** One word of the kind that programs use: it can hardly be about anybody. */
const isCode = (text: string): boolean => /^[a-z][\w.-]{0,39}$/i.test(text);

/**
 * A reason beside our own words: what may go anywhere, and what stays in the database.
 * @param own what we say of the answer ourselves, its status for instance
 */
export function explained(
  { code, words, note }: ScreenedReason,
  own?: string,
): { detail?: string; words?: string } {
  const safe = code ?? note ?? (words !== undefined && own === undefined ? IN_OWN_WORDS : undefined);
  return { detail: joined(': ', own, safe), words: words && joined(': ', own, words) };
}

/** Temporal's UI shows this in the place of free text. */
const IN_OWN_WORDS = 'in its own words, see `gavel leads show`';

const joined = (separator: string, ...parts: (string | undefined)[]): string | undefined =>
  parts.filter((part) => part !== undefined).join(separator) || undefined;

/** What was ignored or not kept of an answer, for ops. */
export const notesOf = (...notes: (string | undefined)[]): string | undefined => joined('; ', ...notes);

/** `a string`, `an array`: what a value is, without repeating it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'boolean') return 'a boolean';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'number' ? 'a number' : 'an object';
}

/**
 * What a terminal would obey: CSI and OSC sequences and the like (ECMA-48), with their parameters. The ESC alone is not
 * enough, or the rest of it would stay as text.
 */
const SEQUENCES =
  // oxlint-disable-next-line no-control-regex -- they are made of control characters
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;

/** On one line, without control and invisible characters and signs of writing direction. */
export const withoutControls = (text: string): string =>
  cleanText(text.replace(SEQUENCES, ''))
    .replace(/[\n\t]+/g, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cn}]/gu, '')
    .trim();

/** With the digits that a number of JavaScript loses beyond 2^53; undefined if what was sent can't be found out. */
function numberAsWritten({ text }: Pick<Answered, 'text'>, key: string, value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return String(value);
  if (text === undefined) return undefined;
  const exact: unknown = JSON.parse(withNumbersAsText(text));
  const written = optional({ body: exact }, key);
  return typeof written === 'string' && /^-?\d+$/.test(written) ? written : undefined;
}

/** JSON with its numbers in quotes. Strings are matched first, so that no digits of theirs are taken for numbers. */
const withNumbersAsText = (json: string): string =>
  json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
