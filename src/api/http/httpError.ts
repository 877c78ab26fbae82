import { OperationError, type ErrorKind } from '../../operations/operationError.js';
import { errorOf } from '../errorTable.js';

interface HttpDetails {
  /** A status that is more exact than that of the kind. */
  status?: number;
  headers?: Record<string, string | number>;
}

/** An error with a status or headers of its own. */
export class HttpError extends OperationError {
  readonly status: number;
  readonly headers: Record<string, string | number>;

  constructor(
    kind: ErrorKind,
    message: string,
    { status = errorOf(kind).status, headers = {} }: HttpDetails,
  ) {
    super(kind, message);
    this.status = status;
    this.headers = headers;
  }
}

/** The status of the response to a failed request. */
export const statusOf = (error: OperationError): number =>
  error instanceof HttpError ? error.status : errorOf(error.kind).status;

/** The headers of the response to a failed request. */
export function headersOf(error: OperationError): Record<string, string | number> {
  if (error instanceof HttpError) return error.headers;
  const { retryAfterS } = error.details;
  return retryAfterS === undefined ? {} : { 'retry-after': retryAfterS };
}
