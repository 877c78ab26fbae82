import type { ErrorAnswer } from './types.js';

/** What went wrong, for programs: `Missing required field`, `Rate limit exceeded`, … */
export type ErrorText = ErrorAnswer['error'];
/** A field of a lead, and what is wrong with it. */
export type FieldProblem = NonNullable<ErrorAnswer['fields']>[number];

/** The base of all errors that this client throws. */
export abstract class GavelError extends Error {}

interface AnswerDetails {
  /** The status code. */
  status: number;
  /** When the request may be sent again, ms from now. */
  retryAfterMs?: number;
}

/** The exchange answered, and refused the request. */
export class ApiError extends GavelError {
  override name = 'ApiError';
  readonly status: number;
  readonly error: ErrorText;
  /** Names the request in the exchange's logs. */
  readonly requestId: string;
  readonly retryAfterMs: number | undefined;

  constructor(answer: ErrorAnswer, { status, retryAfterMs }: AnswerDetails) {
    super(`${answer.error}: ${answer.message}`);
    this.status = status;
    this.error = answer.error;
    this.requestId = answer.request_id;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may succeed later. */
  get isRetryable(): boolean {
    return isRetryable(this.status);
  }
}

/** The lead itself is refused: `fields` says what to correct. */
export class InvalidLeadError extends ApiError {
  override name = 'InvalidLeadError';
  readonly fields: readonly FieldProblem[];

  constructor(answer: ErrorAnswer, details: AnswerDetails) {
    super(answer, details);
    this.fields = answer.fields ?? [];
  }
}

/** The key's requests of this minute are used up; `retryAfterMs` says when the next one starts. */
export class RateLimitError extends ApiError {
  override name = 'RateLimitError';
}

/** No answer of the exchange arrived: no connection, a timeout, or the answer of a proxy. The lead may have arrived. */
export class NoAnswerError extends GavelError {
  override name = 'NoAnswerError';
}

const RETRYABLE = new Set([408, 409, 429, 500, 502, 503, 504]);

export const isRetryable = (status: number): boolean => RETRYABLE.has(status);

/** The error for an answer that reports one. */
export function apiError(answer: ErrorAnswer, details: AnswerDetails): ApiError {
  if (details.status === 429) return new RateLimitError(answer, details);
  if (answer.fields !== undefined) return new InvalidLeadError(answer, details);
  return new ApiError(answer, details);
}
