import type { FieldValue, Reading } from './reading.js';
import { blank, cleanText, isNullLike } from './text.js';

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
  return parsed ?? cleanText(text).split(/\s*(?:\n|\|+|;)\s*/);
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
