import { contactProblem } from '../operations/personInput.js';
import { CommandFailed } from '../terminal/commandFailed.js';

export interface PersonOptions {
  phone?: string;
  email?: string;
}

export const namesPerson = ({ phone, email }: PersonOptions): boolean =>
  phone !== undefined || email !== undefined;

/** @throws CommandFailed if the phone number or e-mail address is invalid */
export function checkPerson(person: PersonOptions): void {
  const fault = namesPerson(person) ? contactProblem(person) : undefined;
  if (fault) throw new CommandFailed(`--${fault.field} is ${fault.problem}.`);
}
