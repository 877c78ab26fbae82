import { fieldFaults, leadFields } from '../../market/fields.js';
import type { Match } from '../../market/duplicates.js';
import type { Database } from '../../store/db.js';
import { matchOf } from '../../store/match.js';
import { ApiError } from '../apiError.js';

/** A person as ops name one, as freely written as in a lead. */
export interface Contact {
  phone?: string;
  email?: string;
}

/** What is wrong with it, in words that do not repeat it; undefined where it is well. */
export function contactFault({ phone, email }: Contact): { field: string; problem: string } | undefined {
  const given = givenOf({ phone, email });
  if (given.size === 0)
    return { field: 'phone', problem: 'missing, and so is email; one of the two is needed' };
  return fieldFaults(given, []).find(({ field }) => given.has(field));
}

/**
 * By what the person is found.
 * @throws ApiError where it is no phone number or no e-mail address
 */
export async function matchNamed(database: Database, contact: Contact, at = ''): Promise<Match> {
  const fault = contactFault(contact);
  if (fault === undefined) return matchOf(database, leadFields(givenOf(contact)));
  const { field, problem } = fault;
  throw new ApiError('invalidField', `${at}${field} is ${problem}.`, {
    fields: [{ field: at + field, problem }],
  });
}

const givenOf = ({ phone, email }: Contact): Map<string, string> =>
  new Map(
    Object.entries({ phone, email }).flatMap(([name, text]) =>
      text === undefined || text.trim() === '' ? [] : [[name, text.trim()]],
    ),
  );
