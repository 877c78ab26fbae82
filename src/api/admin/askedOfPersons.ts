import { isDeepStrictEqual } from 'node:util';
import type { Terms } from '../../market/file/build.js';
import { fieldsIn } from '../../market/filters.js';

/** What every list of leads shows. All other fields hold what a person wrote: a custom field may hold anything. */
const NOT_PERSONAL = 'state';

/**
 * Fields of persons that a change asks for: those of filters that are not the same before and after it. Its figures say how
 * many leads have the values that it names, so some dozens of changes read a phone number digit by digit.
 */
export function askedOfPersons(before: Terms, after: Terms): string[] {
  const was = new Map(before.contracts.map(({ id, filters }) => [id, filters]));
  const fields = after.contracts.flatMap(({ id, filters }) =>
    isDeepStrictEqual(was.get(id) ?? [], filters ?? [])
      ? []
      : [...fieldsIn(was.get(id)), ...fieldsIn(filters)],
  );
  return [...new Set(fields)].filter((field) => field !== NOT_PERSONAL).sort();
}
