import type { EnumValue } from './declaration.js';
import type { Reading } from './reading.js';
import { cleanText, isNullLike } from './text.js';

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
