import type { FastifyRequest } from 'fastify';

/** The headers that determine the base URL of a request. */
export const ORIGIN_HEADERS = 'Host, X-Forwarded-Host, X-Forwarded-Proto';

/** The base URL as the browser knows it, so that examples can be copied. A malformed Host is not repeated. */
export function originOf({ protocol, host }: FastifyRequest): string {
  const isHost = host.length <= LONGEST_HOST && /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(host);
  // A proxy may send any value as the protocol.
  return isHost ? `${protocol === 'https' ? 'https' : 'http'}://${host}` : 'http://127.0.0.1:3000';
}

/** A domain name has at most 253 characters (RFC 1035), a port with its colon six. */
const LONGEST_HOST = 259;
