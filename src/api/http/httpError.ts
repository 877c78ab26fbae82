import { OperationError, type ErrorKind } from '../../operations/operationError.js';
import { errorOf } from '../errorTable.js';

/** `status` can be more exact than that of the kind. */
export class HttpError extends OperationError {
  readonly status: number;
  readonly headers: Record<string, string | number>;

  constructor(
    kind: ErrorKind,
    message: string,
    { status = errorOf(kind).status, headers = {} }: Partial<Pick<HttpError, 'status' | 'headers'>>,
  ) {
    super(kind, message);
    this.status = status;
    this.headers = headers;
  }
}

export const statusOf = (error: OperationError): number =>
  error instanceof HttpError ? error.status : errorOf(error.kind).status;

export function headersOf(error: OperationError): Record<string, string | number> {
  if (error instanceof HttpError) return error.headers;
  const { retryAfterS } = error.details;
  return retryAfterS === undefined ? {} : { 'retry-after': retryAfterS };
}
