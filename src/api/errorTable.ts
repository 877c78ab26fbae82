import type { ErrorKind, OperationError } from '../operations/operationError.js';

/** Errors of the Lead API: status, and the text that programs may rely on. `about` is the cause, for the docs. */
export const ERRORS = {
  missingField: {
    status: 400,
    error: 'Missing required field',
    about: 'A required field is absent or blank',
  },
  noCampaign: {
    status: 400,
    error: 'No matching campaign',
    about: 'The seller has no active campaign with this category, or the campaign is paused',
  },
  invalidField: {
    status: 400,
    error: 'Invalid field',
    about: 'A required field has an unreadable value, or a field with one value has several or an object',
  },
  invalidRequest: {
    status: 400,
    error: 'Invalid request',
    about: 'Unreadable JSON, a body that is not an object, or another malformed request',
  },
  invalidKey: {
    status: 401,
    error: 'Invalid API Key',
    about:
      'The key is missing, malformed, unknown, revoked, expired or of another kind, or `seller` names another seller',
  },
  notFound: {
    status: 404,
    error: 'Not found',
    about: 'No such path, or no such lead of the key’s seller (for a test key: no such test lead)',
  },
  wrongMethod: {
    status: 405,
    error: 'Method not allowed',
    about: 'The path exists, but not with this method',
  },
  inProgress: {
    status: 409,
    error: 'Request in progress',
    about: 'The first request with this Idempotency-Key is still being answered',
  },
  tooLarge: {
    status: 413,
    error: 'Request too large',
    about:
      'The body is over 64 KiB, there are over 100 fields, a name is over 64 characters or a value over 10,000',
  },
  wrongType: {
    status: 415,
    error: 'Unsupported content type',
    about: 'The body is neither JSON, form nor multipart, or has a file that is not empty',
  },
  keyReused: {
    status: 422,
    error: 'Idempotency key reused',
    about: 'This Idempotency-Key was sent before with other fields',
  },
  rateLimited: {
    status: 429,
    error: 'Rate limit exceeded',
    about: 'The key’s requests a minute are used up',
  },
  internal: { status: 500, error: 'Internal error', about: 'Internal error of the exchange' },
  unavailable: {
    status: 503,
    error: 'Service unavailable',
    about: 'The lead could not be stored in time, or the process is shutting down; nothing was accepted',
  },
} as const;

/** Errors that only buyers get. */
export const BUYER_ERRORS = {
  noReturns: {
    status: 403,
    error: 'Returns not agreed',
    about: 'The contract under which the lead was bought allows no returns',
  },
  returnTooLate: {
    status: 409,
    error: 'Return window over',
    about: 'The time in which the contract takes the lead back has passed',
  },
} as const;

/** Every error of the Lead API. */
export const LEAD_API_ERRORS = { ...ERRORS, ...BUYER_ERRORS };

/** Errors of the admin API alone. */
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

/** The status and the text of an error. */
export const errorOf = (kind: ErrorKind): { status: number; error: string } => ALL_ERRORS[kind];

/** The body of the response to a failed request. */
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
