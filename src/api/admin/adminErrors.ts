import type { ErrorKind } from '../../operations/operationError.js';

/** Every error of the admin API, and its cause; docs/admin.md has the same table. */
export const ADMIN_ERROR_CAUSES = {
  missingField: 'A required value is missing',
  invalidField: 'A value with the wrong form, an unknown name, a duplicate, or a value in the wrong place',
  invalidRequest: 'Unreadable JSON, a body that is not an object, a malformed request',
  invalidKey: 'The key is missing, malformed, unknown, revoked or expired, or is not an admin key',
  scopeMissing: 'The key is valid, but lacks the scope named in the message',
  notFound: 'No such address, lead, key, buyer or seller',
  wrongMethod: 'The address exists, but not with this method',
  conflict: 'Already done, or impossible in the current state; the message says which',
  confirmationNeeded:
    'The changes have `warnings`, listed under `changes`; nothing was changed. Send `yes=true` to make them',
  marketChanged: 'With `If-Match`: the market has changed since you read it; nothing was changed',
  tooLarge:
    'A body over 8 MiB (a market file), 2 MiB (a change to simulate, a list of persons) or 64 KiB (any other)',
  wrongType: 'A body that is not JSON; for a market file or a change, neither YAML nor JSON',
  invalidMarket:
    'The market file or the change has faults, each with its line under `faults`; nothing was done',
  rateLimited:
    'Too many requests a minute with this key; too many without a valid key from this address, or with a key that is not valid here',
  internal: 'An internal error',
  unavailable:
    'The database is down, or Temporal or all workers if the operation needs them; another simulation is running, or the process is shutting down',
} satisfies Partial<Record<ErrorKind, string>>;

export type AdminErrorKind = keyof typeof ADMIN_ERROR_CAUSES;

/** The errors that every operation can return. */
export const COMMON_FAILURES: readonly AdminErrorKind[] = [
  'missingField',
  'invalidField',
  'invalidRequest',
  'invalidKey',
  'scopeMissing',
  'rateLimited',
  'internal',
  'unavailable',
];

/** Further errors of operations with a body. */
export const BODY_FAILURES: readonly AdminErrorKind[] = ['tooLarge', 'wrongType'];
