/** The local stack can't be started or has ended; the message is for the person who started it. */
export class LocalStackError extends Error {
  override name = 'LocalStackError';
}
