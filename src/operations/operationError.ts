import type { FieldFault } from '../market/fields/standardFields.js';
import type { Fault } from '../market/file/fault.js';
import type { Change } from '../store/market/applyPlan.js';

/** What went wrong. src/api/errorTable.ts has the status and the text of each kind. */
export type ErrorKind =
  | OperationFailure
  | 'missingField'
  | 'noCampaign'
  | 'invalidField'
  | 'invalidRequest'
  | 'invalidKey'
  | 'wrongMethod'
  | 'inProgress'
  | 'tooLarge'
  | 'wrongType'
  | 'keyReused'
  | 'invalidPing'
  | 'pingOver'
  | 'rateLimited'
  | 'internal'
  | 'unavailable'
  | 'noReturns'
  | 'returnTooLate'
  | 'scopeMissing';

/** Failures of some operations only. */
export type OperationFailure =
  | 'notFound'
  | 'conflict'
  | 'confirmationNeeded'
  | 'marketChanged'
  | 'invalidMarket';

export interface ErrorDetails {
  /** When to send the request again, seconds. */
  retryAfterS?: number;
  fields?: FieldFault[];
  /** Faults of a market file, each with its line. */
  faults?: Fault[];
  /** Changes that a market file would make. */
  changes?: Change[];
}

/** An operation or a request fails. The message says what is wrong, then what to do. */
export class OperationError extends Error {
  override name = 'OperationError';

  constructor(
    readonly kind: ErrorKind,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }
}

/* The most frequent errors. */
export const invalidRequest = (message: string) => new OperationError('invalidRequest', message);
export const invalidField = (message: string) => new OperationError('invalidField', message);
export const notFound = (message: string) => new OperationError('notFound', message);
export const conflict = (message: string) => new OperationError('conflict', message);
export const unavailable = (message: string) => new OperationError('unavailable', message);
