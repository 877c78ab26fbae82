import { cleanText } from '../../market/fields/text.js';
import type { Given, GivenValue } from '../../market/intake/given.js';
import type { Idempotency, StoredLead } from '../../store/documents.js';
import type { KeyedHash } from '../../store/secrets.js';
import { ApiError } from '../../operations/refusal.js';

const MAX_LENGTH = 255;

/** The value of `Idempotency-Key`, or undefined where the header was not sent. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const value = [header].flat().join(', ');
  if (value.length > 0 && value.length <= MAX_LENGTH) return value;
  throw new ApiError('invalidRequest', `Idempotency-Key must have 1 to ${MAX_LENGTH} characters.`);
}

/**
 * What a request with an `Idempotency-Key` leaves in its lead. Both hashes are keyed: the header may hold an address,
 * and the fields may be guessed. Requests that sent the same fields have one fingerprint, in whatever order and format.
 */
export function idempotencyOf(
  hash: KeyedHash,
  apiKey: string,
  idempotencyKey: string,
  fields: Given,
  answeringUntil: Date,
): Idempotency {
  const sorted = [...fields]
    .map(([name, value]) => [name, textsOf(value)])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return {
    key: hash('idempotency', `${apiKey}/${idempotencyKey}`),
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
 * Whether the lead that a repeated key names may answer this request. Of an erased lead nothing is left to compare with:
 * it answers every request with its key.
 * @throws ApiError `keyReused` or `inProgress`
 */
export function assertSameRequest(first: StoredLead, fingerprint: string, now: Date): void {
  if (first.erased) return;
  if (first.idempotency?.fingerprint !== fingerprint) {
    throw new ApiError(
      'keyReused',
      'This Idempotency-Key was sent with other fields. Use a new one for a new lead.',
    );
  }
  if (first.status === 'received' && first.idempotency.answeringUntil > now) {
    throw new ApiError('inProgress', 'The first request with this Idempotency-Key is still being answered.', {
      headers: { 'retry-after': 1 },
    });
  }
}
