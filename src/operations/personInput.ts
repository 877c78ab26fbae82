import type { PersonHashes } from '../market/limits/duplicates.js';
import { isPlaceholder, personKeys, type Contact, type PersonKeys } from '../market/fields/personKeys.js';
import type { Database } from '../store/db.js';
import { matchOfKeys } from '../store/persons/matchKeys.js';
import { OperationError } from './operationError.js';

const PROBLEMS = {
  phone: 'not a phone number of 7 to 15 digits',
  email: 'not an e-mail address',
} as const;

/** The problem of a contact, in words that do not repeat it. Undefined if it is valid. */
export function contactProblem(contact: Contact): { field: string; problem: string } | undefined {
  const given = withoutBlanks(contact);
  return faultOf(given, personKeys(given));
}

/**
 * The hashes to find a person by.
 * @param at the path of the contact in the request
 * @throws OperationError if the phone number or the e-mail address is invalid
 */
export async function matchOfContact(database: Database, contact: Contact, at = ''): Promise<PersonHashes> {
  const given = withoutBlanks(contact);
  const keys = personKeys(given);
  const fault = faultOf(given, keys);
  if (fault === undefined) return matchOfKeys(database, keys);
  const { field, problem } = fault;
  throw new OperationError('invalidField', `${at}${field} is ${problem}.`, {
    fields: [{ field: at + field, problem }],
  });
}

function faultOf(given: Contact, keys: PersonKeys): { field: string; problem: string } | undefined {
  if (given.phone === undefined && given.email === undefined)
    return { field: 'phone', problem: 'missing, and so is email; one of the two is needed' };
  const field = (['phone', 'email'] as const).find(
    (name) => given[name] !== undefined && keys[name] === undefined,
  );
  if (field === undefined) return undefined;
  const isShared = isPlaceholder({ [field]: given[field] });
  return { field, problem: isShared ? 'a placeholder that many persons share' : PROBLEMS[field] };
}

const withoutBlanks = ({ phone, email }: Contact): Contact => ({
  phone: phone?.trim() || undefined,
  email: email?.trim() || undefined,
});
