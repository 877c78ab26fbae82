import { MongoNetworkError, MongoSystemError } from 'mongodb';

/** An error without the words that may hold personal data: drivers quote the document that they could not write. */
export interface LoggedError {
  name: string;
  code?: string | number;
  /** Only of errors that speak of a connection or of the code, and without what they quote. */
  message?: string;
  stack: string[];
}

export function errorForLog(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  return {
    name: error.name,
    code:
      'code' in error && ['string', 'number'].includes(typeof error.code) ? String(error.code) : undefined,
    message: messageOf(error),
    stack: (error.stack ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('at ')),
  };
}

/**
 * The message of the driver's connection errors, of the system ("connect ECONNREFUSED 127.0.0.1:27017"), and of the
 * JavaScript engine. The engine quotes property names and numbers, which may come from a request, so they are masked.
 * Node's own errors, which have a code, quote the value that they were given, so their message is left out.
 */
function messageOf(error: Error): string | undefined {
  if (error instanceof MongoNetworkError || error instanceof MongoSystemError || 'syscall' in error) {
    return error.message;
  }
  const isOfEngine = [TypeError, RangeError, ReferenceError].some((type) => error instanceof type);
  return isOfEngine && !('code' in error) ? masked(error.message) : undefined;
}

const masked = (message: string): string =>
  message
    .replace(/(["'`]).*\1/gs, '$1…$1')
    .replace(/: .*/s, ': …')
    .replace(/\d{4,}/g, '…');
