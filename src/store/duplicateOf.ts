import { MongoClientBulkWriteError } from 'mongodb';

/** Whether an error is a unique index saying no, and to which one. */
export function duplicateOf(error: unknown): string | undefined {
  if (error instanceof MongoClientBulkWriteError) {
    return [...error.writeErrors.values()].find(({ code }) => code === 11000)?.message;
  }
  const isDuplicate = typeof error === 'object' && error !== null && 'code' in error && error.code === 11000;
  if (!isDuplicate) return undefined;
  const pattern = 'keyPattern' in error ? (error.keyPattern as Record<string, unknown>) : {};
  return Object.keys(pattern).join(',') || ('message' in error ? String(error.message) : 'unknown');
}
