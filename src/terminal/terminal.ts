import { randomInt } from 'node:crypto';
import { INVISIBLE } from '../market/invisible.js';

/*
 * What is shown on a terminal comes from everywhere: from buyers' answers, from persons, from files. A terminal obeys what
 * it is sent: escape sequences move the cursor, rename the window, write into the clipboard, and marks of direction turn
 * the order of letters. Of all that only line breaks, tabs and our own colours get through; the rest is shown as a symbol.
 */

/**
 * Our own colours are marked by a number that nobody else knows; like all escape sequences they have no width when a text
 * is measured.
 */
const MARK = Array.from({ length: 3 }, () => randomInt(1000, 10_000)).join(';');

export type Style = (text: string) => string;

/** A style by its codes (ECMA-48, "SGR"). */
export const style =
  (open: number, close: number): Style =>
  (text) =>
    `\u001b[${open};${MARK}m${text}\u001b[${close};${MARK}m`;

const UNSEEN_OR_OURS = new RegExp(String.raw`\u001b\[(\d+);${MARK}m|${INVISIBLE}`, 'gu');

/** Shows what a terminal would obey, but for line breaks, tabs and our own colours: `␛[2J`. */
export const escapeControls = (text: string): string =>
  text.replace(UNSEEN_OR_OURS, (found, ours?: string) => (ours === undefined ? symbolOf(found) : found));

/** The same on one line: ␊ for a line break. */
export const onOneLine = (text: string): string =>
  escapeControls(text).replaceAll('\n', '␊').replaceAll('\t', '␉');

/** The same, as it goes to the terminal: no colour has its mark any more. */
export const forTerminal = (text: string): string =>
  text.replace(UNSEEN_OR_OURS, (found, ours?: string) =>
    ours === undefined ? symbolOf(found) : `\u001b[${ours}m`,
  );

/** The Unicode block of control pictures begins there. */
const PICTURES = 0x2400;

function symbolOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (char === '\n' || char === '\t') return char;
  if (code < 0x20) return String.fromCodePoint(PICTURES + code);
  if (code === 0x7f) return '␡';
  return `\\u{${code.toString(16)}}`;
}

const UNSEEN_IN_JSON = new RegExp(INVISIBLE, 'gu');

/** JSON with escapes for all that a terminal would obey, also what the standard lets stand as it is. */
export const jsonText = (value: unknown, space?: number): string =>
  JSON.stringify(value, null, space).replace(UNSEEN_IN_JSON, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
