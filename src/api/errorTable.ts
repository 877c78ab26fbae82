import type { ErrorKind, OperationError } from '../operations/operationError.js';

const row = <Status extends number, Text extends string>(status: Status, error: Text, about: string) => ({
  status,
  error,
  about,
});

/** Errors of the Lead API: status, and the text that programs may rely on. `about` is the cause, for the docs. */
export const ERRORS = {
  missingField: row(400, 'Missing required field', 'A required field is absent or blank'),
  noCampaign: row(
    400,
    'No matching campaign',
    'The seller has no active campaign with this category, or the campaign is paused',
  ),
  invalidField: row(
    400,
    'Invalid field',
    'A required field has an unreadable value, or a field with one value has several or an object',
  ),
  invalidRequest: row(
    400,
    'Invalid request',
    'Unreadable JSON, a body that is not an object, or another malformed request',
  ),
  invalidPing: row(
    400,
    'Invalid ping',
    'The `ping_id` was altered, is of another seller, campaign or kind of key, or the lead has other fields than its ping',
  ),
  invalidKey: row(
    401,
    'Invalid API Key',
    'The key is missing, malformed, unknown, revoked, expired or of another kind, or `seller` names another seller',
  ),
  notFound: row(
    404,
    'Not found',
    'No such path, or no such lead of the key’s seller (for a test key: no such test lead)',
  ),
  wrongMethod: row(405, 'Method not allowed', 'The path exists, but not with this method'),
  inProgress: row(
    409,
    'Request in progress',
    'The first request with this Idempotency-Key is still being answered',
  ),
  pingOver: row(410, 'Ping over', 'The ping of the lead has expired, or another lead was sent with it'),
  tooLarge: row(
    413,
    'Request too large',
    'The body is over 64 KiB, there are over 100 fields, a name is over 64 characters or a value over 10,000',
  ),
  wrongType: row(
    415,
    'Unsupported content type',
    'The body is neither JSON, form nor multipart, or has a file that is not empty',
  ),
  keyReused: row(422, 'Idempotency key reused', 'This Idempotency-Key was sent before with other fields'),
  rateLimited: row(429, 'Rate limit exceeded', 'The key’s requests a minute are used up'),
  internal: row(500, 'Internal error', 'Internal error of the exchange'),
  unavailable: row(
    503,
    'Service unavailable',
    'The lead could not be stored in time, or the process is shutting down; nothing was accepted',
  ),
} as const;

/** Errors that only buyers get. */
export const BUYER_ERRORS = {
  noReturns: row(403, 'Returns not agreed', 'The contract under which the lead was bought allows no returns'),
  returnTooLate: row(
    409,
    'Return window over',
    'The time in which the contract takes the lead back has passed',
  ),
} as const;

export const LEAD_API_ERRORS = { ...ERRORS, ...BUYER_ERRORS };

export const ADMIN_ERRORS = {
  scopeMissing: { status: 403, error: 'Scope missing' },
  conflict: { status: 409, error: 'Conflict' },
  confirmationNeeded: { status: 409, error: 'Confirmation needed' },
  marketChanged: { status: 412, error: 'Market changed' },
  invalidMarket: { status: 422, error: 'Invalid market file' },
} as const;

const ALL_ERRORS: Record<ErrorKind, { status: number; error: string }> = {
  ...LEAD_API_ERRORS,
  ...ADMIN_ERRORS,
};

export const errorOf = (kind: ErrorKind): { status: number; error: string } => ALL_ERRORS[kind];

export function errorBody(error: OperationError, requestId: string) {
  return {
    success: false as const,
    error: errorOf(error.kind).error,
    message: error.message,
    request_id: requestId,
    fields: error.details.fields,
    faults: error.details.faults,
    changes: error.details.changes,
  };
}
