import type { Scalar } from '../model/protocol.js';

/** The value of a placeholder; undefined is blank. */
export type Value = Scalar | readonly string[] | undefined;

/** Absent, nothing but white space, or an empty list. */
export function isBlank(value: Value): boolean {
  if (value === undefined) return true;
  if (typeof value === 'string') return value.trim() === '';
  return Array.isArray(value) && value.length === 0;
}

/** A value inside a text; a list is joined. */
export function textOfValue(value: Value): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** With lone surrogates replaced, which no encoding can hold. */
export const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\uFFFD');
