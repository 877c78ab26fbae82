import type { ErrorKind } from '../apiError.js';

/** Every error that the admin API may answer, and when; docs/admin.md has the same table. */
export const ADMIN_ABOUT = {
  missingField: 'Something that the operation needs is absent',
  invalidField: 'A value of the wrong form, an unknown name, one given twice or in the wrong place',
  invalidRequest: 'Unreadable JSON, a body that is not an object, a malformed request',
  invalidKey: 'The key is missing, malformed, unknown, revoked or expired, or is not an admin key',
  scopeMissing: 'The key is good, and lacks the scope that the message names',
  notFound: 'No such address, lead, key, buyer or seller',
  wrongMethod: 'The address exists, the method does not',
  conflict: 'It is done already, or does not go with how things stand; the message says which',
  confirmationNeeded:
    'The changes to the market have `warnings`; they are under `changes`, and nothing was changed. Send `yes=true` to make them',
  marketChanged: 'With `If-Match`: the market is not the one that you have read; nothing was changed',
  tooLarge:
    'A body over 8 MiB (a market file), 2 MiB (a change to simulate, a list of persons) or 64 KiB (any other)',
  wrongType: 'A body that is not JSON; of a market file or a change, neither YAML nor JSON',
  invalidMarket:
    'The market file or the change has faults, each with its line under `faults`; nothing was done',
  rateLimited:
    'More requests a minute than the key may send; too many without a valid key from this address, or with a key that is not valid here',
  internal: 'An error on our side',
  unavailable:
    'The database is away, or Temporal or every worker where the operation needs them; another simulation is under way, or the process is shutting down',
} satisfies Partial<Record<ErrorKind, string>>;

export type AdminErrorKind = keyof typeof ADMIN_ABOUT;

/** What every operation may answer. */
export const ALWAYS: readonly AdminErrorKind[] = [
  'missingField',
  'invalidField',
  'invalidRequest',
  'invalidKey',
  'scopeMissing',
  'rateLimited',
  'internal',
  'unavailable',
];

/** What every operation that may have a body may answer as well. */
export const WITH_BODY: readonly AdminErrorKind[] = ['tooLarge', 'wrongType'];
