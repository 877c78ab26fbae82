import { textOf } from '../market/fields.js';
import type { FieldValue } from '../market/fields/reading.js';

/**
 * The buyer's own number for a lead, which stays in the books when the person is erased; so one that names the person
 * (by name, e-mail or phone number) is not kept.
 * @param lead the fields that the buyer was sent
 */
export function buyerReference(
  given: string | undefined,
  lead: Record<string, FieldValue>,
): string | undefined {
  if (given === undefined) return undefined;
  const email = textOf(lead, 'email');
  const words = wordsOf(given);
  const names = ['firstName', 'lastName']
    .map((name) => wordsOf(textOf(lead, name)))
    .filter((name) => name.trim() !== '');
  const isNamed = names.some((name) => words.includes(name));
  const isMailed = email !== undefined && given.toLowerCase().includes(email.toLowerCase());
  const number = digitsOf(textOf(lead, 'phone')).slice(-LOCAL_NUMBER);
  const isCalled = number.length === LOCAL_NUMBER && digitsOf(given).includes(number);
  return isNamed || isMailed || isCalled ? undefined : given;
}

/** A phone number without country and area, which may be written or left out. */
const LOCAL_NUMBER = 7;

const digitsOf = (text = ''): string => text.replace(/\D/g, '');

/** Its words in lower case, each with a space around it: so a name is found as a word and not within one. */
const wordsOf = (text = ''): string => ` ${(text.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? []).join(' ')} `;
