import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';

interface Options {
  /** Timeout for the client to read a response, ms. */
  answerTimeoutMs: number;
}

/**
 * Closes the connection of a client that does not read its response. Otherwise the response would stay in memory, and the
 * connection would count against MAX_CONNECTIONS, without a time limit.
 */
export const slowClients = plugin(async (app: FastifyInstance, { answerTimeoutMs }: Options) => {
  app.addHook('onSend', async (request, reply) => {
    const late = setTimeout(() => request.raw.socket.destroy(), answerTimeoutMs);
    late.unref();
    // Emitted when the last byte is handed to the system, and when the connection breaks.
    reply.raw.once('close', () => clearTimeout(late));
  });
});
