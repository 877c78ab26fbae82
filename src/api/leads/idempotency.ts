import { cleanText } from '../../market/fields/text.js';
import type { Given, GivenValue } from '../../market/intake/given.js';
import type { Idempotency, StoredLead } from '../../store/documents.js';
import type { KeyedHash } from '../../store/secrets.js';
import { OperationError } from '../../operations/operationError.js';

const MAX_LENGTH = 255;

/** The value of `Idempotency-Key`, or undefined without the header. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  return checkIdempotencyKey([header].flat().join(', '), 'Idempotency-Key');
}

/** @param name where it was sent, for the message */
export function checkIdempotencyKey(value: string, name: string): string {
  if (value.length > 0 && value.length <= MAX_LENGTH) return value;
  throw new OperationError('invalidRequest', `${name} must have 1 to ${MAX_LENGTH} characters.`);
}

/** A request with an `Idempotency-Key`. */
interface KeyedRequest {
  /** Id of the API key, or the source. */
  scope: string;
  idempotencyKey: string;
  fields: Given;
  /** Until then, the first request counts as in progress. */
  answeringUntil: Date;
}

/**
 * The idempotency data stored with a lead. Both hashes are keyed, because the header may hold an e-mail address and fields can
 * be guessed. The fingerprint depends on the fields only, not on their order and format.
 */
export function idempotencyOf(
  hash: KeyedHash,
  { scope, idempotencyKey, fields, answeringUntil }: KeyedRequest,
): Idempotency {
  const sorted = [...fields]
    .map(([name, value]) => [name, textsOf(value)])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return {
    key: hash('idempotency', `${scope}/${idempotencyKey}`),
    fingerprint: hash('fingerprint', JSON.stringify(sorted)),
    answeringUntil,
  };
}

function textsOf(value: GivenValue): string | string[] {
  switch (value.kind) {
    case 'text':
      return cleanText(value.text);
    case 'list':
      return value.texts.map(cleanText);
    case 'object':
      return value.json;
  }
}

/**
 * Checks that a request repeats the first one with its key. An erased lead has no data to compare, so that any request with
 * its key is accepted.
 * @throws OperationError `keyReused` or `inProgress`
 */
export function assertSameRequest(first: StoredLead, fingerprint: string, now: Date): void {
  if (first.erased) return;
  if (first.idempotency?.fingerprint !== fingerprint) {
    throw new OperationError(
      'keyReused',
      'This Idempotency-Key was used with other fields. Use a new key for a new lead.',
    );
  }
  if (first.status === 'received' && first.idempotency.answeringUntil > now) {
    throw inProgress();
  }
}

export const inProgress = (): OperationError =>
  new OperationError('inProgress', 'The first request with this Idempotency-Key is still being answered.', {
    retryAfterS: 1,
  });
