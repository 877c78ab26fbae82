import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';

interface Options {
  /** How long a client may take to read an answer, ms. */
  answerTimeoutMs: number;
}

/**
 * Closes the connection of a client that does not read its answer: the answer would stay in memory, and the connection
 * would count against MAX_CONNECTIONS, for as long as the client likes.
 */
export const slowClients = plugin(async (app: FastifyInstance, { answerTimeoutMs }: Options) => {
  app.addHook('onSend', async (request, reply) => {
    const late = setTimeout(() => request.raw.socket.destroy(), answerTimeoutMs);
    late.unref();
    // Comes once the last byte was handed over, and when the connection breaks.
    reply.raw.once('close', () => clearTimeout(late));
  });
});
