import { MongoNetworkError, MongoSystemError } from 'mongodb';

/** An error without the words that may hold people's data: drivers quote the document that they could not write. */
export interface FaultForLog {
  name: string;
  code?: string | number;
  /** Only of errors that speak of the connection. */
  message?: string;
  stack: string[];
}

export function faultForLog(error: unknown): FaultForLog {
  if (!(error instanceof Error)) return { name: typeof error, stack: [] };
  const isOfConnection = error instanceof MongoNetworkError || error instanceof MongoSystemError;
  return {
    name: error.name,
    code:
      'code' in error && ['string', 'number'].includes(typeof error.code) ? String(error.code) : undefined,
    message: isOfConnection ? error.message : undefined,
    stack: (error.stack ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('at ')),
  };
}
