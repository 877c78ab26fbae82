import type { FieldFault } from '../market/fields.js';
import { looksLikeKey } from '../store/keys.js';
import { ApiError } from './apiError.js';
import type { Entries } from './body.js';

export const MAX_FIELDS = 100;
export const MAX_NAME = 64;
export const MAX_VALUE = 2000;

/** What a request says: trimmed values by name, blank ones left out, and what could not be taken as a value. */
export interface GivenFields {
  values: Map<string, string>;
  faults: FieldFault[];
}

/**
 * The fields of the query and of the body together; where both name a field, the body's word counts, also when it is
 * blank. What looks like one of our keys is dropped as if it had not been sent: a key in the wrong place must not end
 * in a lead.
 * @throws ApiError `tooLarge`
 */
export function givenFields(query: Entries, body: Entries): GivenFields {
  const faults = new Map<string, string>();
  const fromQuery = distinct(query, faults);
  const fromBody = distinct(body, faults);
  const merged = new Map([...fromQuery, ...fromBody]);
  if (merged.size > MAX_FIELDS) throw new ApiError('tooLarge', `Send ${MAX_FIELDS} fields at the most.`);

  const values = new Map<string, string>();
  for (const [name, value] of merged) {
    if (name.length > MAX_NAME) {
      throw new ApiError('tooLarge', `The name of a field may have ${MAX_NAME} characters at the most.`);
    }
    const read = isReserved(name) ? { problem: 'a reserved name; choose another' } : readValue(value);
    if ('problem' in read) faults.set(name, faults.get(name) ?? read.problem);
    else if (read.text.length > MAX_VALUE) throw tooLong(name);
    else if (read.text !== '') values.set(name, read.text);
  }
  for (const name of faults.keys()) values.delete(name);
  return { values, faults: [...faults].map(([field, problem]) => ({ field, problem })) };
}

const tooLong = (name: string): ApiError =>
  new ApiError('tooLarge', `A value may have ${MAX_VALUE} characters at the most.`, {
    fields: [{ field: name, problem: `longer than ${MAX_VALUE} characters` }],
  });

function distinct(entries: Entries, faults: Map<string, string>): Map<string, unknown> {
  const seen = new Map<string, unknown>();
  for (const [name, value] of entries) {
    if (holdsKey(name) || (typeof value === 'string' && holdsKey(value))) continue;
    if (seen.has(name)) faults.set(name, 'given twice');
    else seen.set(name, value);
  }
  return seen;
}

/** Also inside a longer text, such as the address of a landing page. */
function holdsKey(text: string): boolean {
  return (
    text.includes('gvl_') && (text.match(/gvl_(?:live|test|admin)_[0-9A-Za-z]{33}/g) ?? []).some(looksLikeKey)
  );
}

/** Nothing that can't be seen may be in a name: control and format characters, halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]/u;
/** A value may have line breaks, tabs, and what joins emoji and letters. */
const CONTROL_IN_VALUE = /(?![\t\r\n])[\p{Cc}\p{Cs}]/u;
/** Come along when a phone number is copied from a contact; they can make a text look like another one. */
const DIRECTION = /\p{Bidi_Control}/gu;

/** Names that databases, templates or JavaScript objects would take for something else. */
function isReserved(name: string): boolean {
  if (name === '' || name === 'prototype' || name in Object.prototype) return true;
  return name.startsWith('$') || name.includes('.') || UNSEEN.test(name);
}

function readValue(value: unknown): { text: string } | { problem: string } {
  if (value === null) return { text: '' };
  if (typeof value === 'boolean') return { text: String(value) };
  if (typeof value === 'number') return readNumber(value);
  if (typeof value === 'string') {
    if (CONTROL_IN_VALUE.test(value)) return { problem: 'has control characters' };
    return { text: value.replace(DIRECTION, '').trim() };
  }
  return { problem: `${Array.isArray(value) ? 'a list' : 'an object'}; send one text, number or boolean` };
}

/** JSON's numbers beyond 2^53 have lost digits before anyone can look: only the sender still has them. */
function readNumber(value: number): { text: string } | { problem: string } {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    return { problem: 'too large a number to keep every digit; send it as text' };
  }
  return { text: String(value) };
}
