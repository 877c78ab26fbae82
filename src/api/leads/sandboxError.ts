import type { FieldFault } from '../../market/fields/standardFields.js';
import { sandboxCase, type SandboxError } from '../../market/model/sandbox.js';
import { OperationError } from '../../operations/operationError.js';
import type { SellerKey } from '../plugins/auth.js';
import type { ReadRequest } from './readRequest.js';

/** Seconds that the sandbox asks a source to wait. */
const WAIT_S = 5;

/** The errors that are retried after `Retry-After`. */
const RETRIED: readonly SandboxError[] = ['inProgress', 'rateLimited', 'unavailable'];

/** The faulty field of the errors about a field. */
const FAULTS: Partial<Record<SandboxError, FieldFault>> = {
  invalidField: { field: 'phone', problem: 'not a phone number (by the sandbox)' },
  missingField: { field: 'lastName', problem: 'missing' },
};

/**
 * Refuses a lead of a test key whose ZIP code is reserved for an error.
 * @throws OperationError with the form of the real error
 */
export function assertNoSandboxError({
  key,
  reading,
}: Pick<ReadRequest, 'reading'> & { key: Pick<SellerKey, 'test'> }): void {
  const forced = sandboxCase({ test: key.test, zip: reading.lead.fields.zip });
  if (forced === undefined || !('error' in forced)) return;
  const { error } = forced;
  const fault = FAULTS[error];
  throw new OperationError(
    error,
    'The sandbox forces this error, because of the ZIP code of this test lead.',
    {
      retryAfterS: RETRIED.includes(error) ? WAIT_S : undefined,
      fields: fault && [fault],
    },
  );
}
