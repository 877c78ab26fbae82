import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { ApiError } from '../apiError.js';

/**
 * While the process shuts down, requests that are being answered end as they would have, new ones on open connections
 * are sent elsewhere, and every connection is closed with its last answer.
 */
export const closing = plugin(async (app: FastifyInstance) => {
  let isClosing = false;
  app.addHook('preClose', async () => {
    isClosing = true;
  });
  app.addHook('onRequest', async () => {
    if (!isClosing) return;
    throw new ApiError('unavailable', 'This process is shutting down. Send the request again.', {
      headers: { 'retry-after': 1 },
    });
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close');
  });
});
