import type { Answer } from './exchange.js';
import type { FuzzRequest } from './request.js';

/** Statuses with which HTTP may reject any request before routing. */
const BY_HTTP = [400, 408, 413, 414, 431];
/** Allowed statuses for a request with a mutated first line. */
const BY_ANY_ROUTE = [...BY_HTTP, 200, 401, 403, 404, 405, 409, 412, 415, 422, 429];

/** Documented conflicts: long admin operations run one at a time, and a lead in a post is not withdrawn. */
const IS_BUSY = /Another simulation|A buyer is being offered|is being/;

/** Why an answer breaks the API's promises, or undefined. */
export function faultOf({ route, target, ending }: FuzzRequest, answer: Answer): string | undefined {
  if (answer.isStuck) return 'the connection was neither answered nor closed';
  const [status] = answer.statuses;
  if (status === undefined) return ending === 'waits' ? 'no answer' : undefined;
  const own = answer.statuses.find((one) => one >= 500);
  if (own !== undefined && !(target === 'admin' && own === 503 && IS_BUSY.test(answer.body)))
    return `${own} ${answer.body}`;
  if (![...(route?.statuses ?? BY_ANY_ROUTE), ...BY_HTTP].includes(status))
    return `${status} is not documented`;
  return status >= 400 ? errorFault(status, answer) : undefined;
}

const ERROR_KEYS = ['success', 'error', 'message', 'request_id'];

function errorFault(status: number, { body, headers }: Answer): string | undefined {
  // The answer to HEAD, or an answer that the client did not wait for.
  if (body === '' || body.length < Number(headers['content-length'] ?? 0)) return undefined;
  try {
    const error = JSON.parse(body) as Record<string, unknown>;
    if (error.success === false && ERROR_KEYS.every((key) => key in error)) return undefined;
  } catch {
    // Reported below.
  }
  return `${status} without the error's form: ${body.slice(0, 200)}`;
}
