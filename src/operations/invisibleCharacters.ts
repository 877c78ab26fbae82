import { pathText, type Path } from '../market/file/fault.js';
import { hasInvisible } from '../market/invisible.js';
import { ApiError } from './refusal.js';

/** What a file has is its own business; a phone number or an e-mail address is read by the rules of leads. */
const READ_ELSEWHERE = new Set(['file', 'phone', 'email']);

export const INVISIBLE_PROBLEM =
  'has characters that can’t be seen (controls, marks of direction); leave them out';

/**
 * Inputs with characters that would steer the terminal of whoever reads them later: who erased a person, what a payment is
 * called, the name on a key.
 */
export function findInvisibleCharacters(value: unknown, path: Path = []): string[] {
  if (typeof value === 'string') return hasInvisible(value) ? [pathText(path)] : [];
  if (Array.isArray(value)) return value.flatMap((item, i) => findInvisibleCharacters(item, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    READ_ELSEWHERE.has(key) ? [] : findInvisibleCharacters(item, [...path, key]),
  );
}

/** @throws ApiError naming each of them */
export function rejectInvisibleCharacters(input: object): void {
  const fields = findInvisibleCharacters(input).map((field) => ({ field, problem: INVISIBLE_PROBLEM }));
  if (fields.length === 0) return;
  const names = fields.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  throw new ApiError('invalidField', `${names}.`, { fields });
}
