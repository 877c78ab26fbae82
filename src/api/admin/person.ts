import type { Match } from '../../market/duplicates.js';
import { personKeys, type Contact } from '../../market/personKeys.js';
import type { Database } from '../../store/db.js';
import { matchOf } from '../../store/match.js';
import { ApiError } from '../apiError.js';

const PROBLEMS = {
  phone: 'not a phone number of 7 to 15 digits',
  email: 'not an e-mail address',
} as const;

/** What is wrong with a contact that ops named, in words that do not repeat it; undefined if nothing is. */
export function contactFault(contact: Contact): { field: string; problem: string } | undefined {
  const { phone, email } = withoutBlanks(contact);
  if (phone === undefined && email === undefined)
    return { field: 'phone', problem: 'missing, and so is email; one of the two is needed' };
  const keys = personKeys({ phone, email });
  if (phone !== undefined && keys.phone === undefined) return { field: 'phone', problem: PROBLEMS.phone };
  if (email !== undefined && keys.email === undefined) return { field: 'email', problem: PROBLEMS.email };
  return undefined;
}

/**
 * By what the person is found.
 * @param at the path of the contact in the request
 * @throws ApiError if it is no phone number or no e-mail address
 */
export async function matchNamed(database: Database, contact: Contact, at = ''): Promise<Match> {
  const fault = contactFault(contact);
  if (fault === undefined) return matchOf(database, withoutBlanks(contact));
  const { field, problem } = fault;
  throw new ApiError('invalidField', `${at}${field} is ${problem}.`, {
    fields: [{ field: at + field, problem }],
  });
}

const withoutBlanks = ({ phone, email }: Contact): Contact => ({
  phone: phone?.trim() || undefined,
  email: email?.trim() || undefined,
});
