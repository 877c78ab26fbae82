import type { FieldFault } from '../market/fields/standardFields.js';
import type { Fault } from '../market/file/fault.js';
import type { Change } from '../store/market/applyPlan.js';

/** Every error that a source may be answered, once: its status and the text that programs may rely on. */
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

/** What only buyers are answered. */
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

/** What only the admin API answers. */
export const ADMIN_ERRORS = {
  scopeMissing: { status: 403, error: 'Scope missing' },
  conflict: { status: 409, error: 'Conflict' },
  confirmationNeeded: { status: 409, error: 'Confirmation needed' },
  marketChanged: { status: 412, error: 'Market changed' },
  invalidMarket: { status: 422, error: 'Invalid market file' },
} as const;

const ALL = { ...LEAD_API_ERRORS, ...ADMIN_ERRORS };

export type ErrorKind = keyof typeof ALL;

/** The ways in which some operations fail, beside those that all have. */
export type OperationFailure = 'notFound' | keyof Omit<typeof ADMIN_ERRORS, 'scopeMissing'>;

/** What an error is answered with: its status and its text. */
export const errorOf = (kind: ErrorKind): { status: number; error: string } => ALL[kind];

interface Details {
  /** The status where another than the kind's says it better, for requests that HTTP itself refuses. */
  status?: number;
  headers?: Record<string, string | number>;
  fields?: FieldFault[];
  /** Of a market file, each with its line. */
  faults?: Fault[];
  /** Of a market: what would be changed. */
  changes?: Change[];
}

/** Ends a request with one of the errors above; `message` tells the source what to do about it. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;

  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly details: Details = {},
  ) {
    super(message);
    this.status = details.status ?? errorOf(kind).status;
  }
}

/** What a failed request is answered with. */
export function errorBody(error: ApiError, requestId: string) {
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
