import { blank, cleanText, isNullLike, readTypedText } from './text.js';
import type { EnumValue } from './declaration.js';
import type { FieldValue, Reading } from './reading.js';

const YES = new Set(['yes', 'y', 'true', 't', '1', 'on', 'checked', 'accepted', 'x', '✓', '✔', '☑']);
const NO = new Set(['no', 'n', 'false', 'f', '0', 'off', 'unchecked', '☐']);

/**
 * Yes or no, as `yes` or `no`. Blank is not no: a box that is not ticked is not sent at all. Other words (`Own`,
 * `yes, I agree`) are left to a lookup of the campaign, an `enum`.
 */
export function readBoolean(sent: string): Reading {
  return readTypedText(sent, 'neither yes nor no', (text) => {
    const word = text
      .toLowerCase()
      .replace(/^["'“‘.]+|["'”’.]+$/gu, '')
      .replace(/^([01])\.0+$/, '$1')
      .replace(/\uFE0F$/u, '');
    if (YES.has(word)) return 'yes';
    return NO.has(word) ? 'no' : undefined;
  });
}

/** Labels are the same whatever their case and spaces. */
export const foldLabel = (text: string): string => cleanText(text).toLowerCase().replace(/\s+/g, ' ');

/**
 * Makes a reader of an enum: a text that equals a value or one of its labels means that value. A label may be a word for
 * "nothing" (`None`), which is then an answer.
 */
export function enumReader(values: readonly EnumValue[]): (sent: string) => Reading {
  const meaning = new Map(
    values.flatMap(({ value, labels }) =>
      [value, ...labels].map((label): [string, string] => [foldLabel(label), value]),
    ),
  );
  return (sent) => {
    const text = foldLabel(sent);
    const value = meaning.get(text);
    if (value !== undefined) return { value, original: sent };
    if (text === '' || isNullLike(text)) return { original: sent };
    return { original: sent, note: 'none of the values that the campaign lists; kept as sent' };
  };
}

/**
 * Several choices in one text or several: a JSON list, one choice a line, or joined by `|`, `||` or `;`. Never split at
 * commas, which stand within choices ("Repair, minor"). Blank choices and repeated ones are left out.
 */
export function readList(sent: FieldValue): Reading<string[]> {
  const original = typeof sent === 'string' ? sent : JSON.stringify(sent);
  const choices = typeof sent === 'string' ? choicesIn(sent) : sent.flatMap(choicesIn);
  const value = [...new Set(choices.map(cleanText).filter((choice) => choice !== '' && !isNullLike(choice)))];
  return value.length === 0 ? blank(original) : { value, original };
}

function choicesIn(text: string): string[] {
  const parsed = /^\s*\[/.test(text) ? jsonTexts(text) : undefined;
  return parsed ?? cleanText(text).split(/[\n|;]/);
}

/** The texts, numbers and booleans in a JSON list, however deep; undefined if it is no JSON list. */
function jsonTexts(text: string): string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Array.isArray(value) ? value.flat(10).flatMap(scalarText) : undefined;
}

function scalarText(value: unknown): string[] {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [String(value)]
    : [];
}
