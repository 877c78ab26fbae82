import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { ApiError } from '../../operations/refusal.js';

/** A lead in a query string may be as long as one in a body. */
export const MAX_URL_CHARACTERS = 65_536;

/** Node drops those beyond 2,000 without a word, whatever they say. */
const MAX_HEADERS = 200;

/** With two of these, we and a proxy before us may each go by another one (RFC 9110, 5.3). */
const ONCE = new Set(['authorization', 'content-type', 'host', 'idempotency-key']);

/** The form of the request line, and the id that every answer names its request by: our own, a caller's could carry anything. */
export const requestChecks = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.url.length > MAX_URL_CHARACTERS) {
      throw new ApiError('tooLarge', 'The address is too long. Send the lead in the body.', { status: 414 });
    }
    if (request.raw.httpVersion !== '1.0' && request.headers.host === undefined) {
      throw new ApiError('invalidRequest', 'HTTP/1.1 asks for a Host header.');
    }
    const names = request.raw.rawHeaders.filter((_text, i) => i % 2 === 0).map((name) => name.toLowerCase());
    if (names.length > MAX_HEADERS) {
      throw new ApiError('tooLarge', `Send ${MAX_HEADERS} headers at the most.`, { status: 431 });
    }
    const twice = names.find((name, i) => ONCE.has(name) && names.indexOf(name) < i);
    if (twice !== undefined) throw new ApiError('invalidRequest', `Send the header ${twice} once.`);
  });
});
