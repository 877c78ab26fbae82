import { pathText, type Path } from '../market/file/fault.js';
import { hasInvisible } from '../market/invisible.js';
import { OperationError } from './operationError.js';

/** Not checked here: files have their own rules, contacts and samples of requests those of leads. */
const CHECKED_ELSEWHERE = new Set(['file', 'phone', 'email', 'sample']);

export const INVISIBLE_PROBLEM = 'contains invisible characters (control or direction marks); remove them';

/**
 * Paths of inputs with control or direction characters, which could manipulate the terminal of a later reader: names of
 * actors, payment references, names of keys.
 */
export function findInvisibleCharacters(value: unknown, path: Path = []): string[] {
  if (typeof value === 'string') return hasInvisible(value) ? [pathText(path)] : [];
  if (Array.isArray(value)) return value.flatMap((item, i) => findInvisibleCharacters(item, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    CHECKED_ELSEWHERE.has(key) ? [] : findInvisibleCharacters(item, [...path, key]),
  );
}

/** @throws OperationError with all of them */
export function rejectInvisibleCharacters(input: object): void {
  const fields = findInvisibleCharacters(input).map((field) => ({ field, problem: INVISIBLE_PROBLEM }));
  if (fields.length === 0) return;
  const names = fields.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  throw new OperationError('invalidField', `${names}.`, { fields });
}
