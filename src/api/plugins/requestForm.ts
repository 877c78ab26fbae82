import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { ApiError } from '../apiError.js';

/** A lead in a query string may be as long as one in a body. */
const MAX_URL_CHARACTERS = 65_536;

/** The form of the request line, and the id that every answer names its request by: our own, a caller's could carry anything. */
export const requestForm = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.url.length > MAX_URL_CHARACTERS) {
      throw new ApiError('tooLarge', 'The address is too long. Send the lead in the body.', { status: 414 });
    }
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new ApiError('invalidRequest', 'HTTP/1.1 asks for a Host header.');
    }
  });
});
