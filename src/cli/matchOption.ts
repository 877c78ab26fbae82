import { fieldFaults, leadFields } from '../market/fields.js';
import type { Match } from '../market/duplicates.js';
import type { Database } from '../store/db.js';
import { matchOf } from '../store/match.js';
import { CommandFailed } from './commandFailed.js';

/** A person as the command line names one. */
export interface PersonOptions {
  phone?: string;
  email?: string;
}

export const namesPerson = ({ phone, email }: PersonOptions): boolean =>
  phone !== undefined || email !== undefined;

/**
 * By what the person is found, written as freely as in a lead.
 * @throws CommandFailed where it is no phone number or no e-mail address
 */
export async function matchOption(database: Database, person: PersonOptions): Promise<Match> {
  const given = new Map(Object.entries({ phone: person.phone, email: person.email }).flatMap(givenOne));
  const [fault] = fieldFaults(given, []).filter(({ field }) => given.has(field));
  if (fault) throw new CommandFailed(`--${fault.field} is ${fault.problem}.`);
  return matchOf(database, leadFields(given));
}

const givenOne = ([name, text]: [string, string | undefined]): [string, string][] =>
  text === undefined ? [] : [[name, text.trim()]];
