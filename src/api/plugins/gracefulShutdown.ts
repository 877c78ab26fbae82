import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { ApiError } from '../../operations/refusal.js';
import type { ApiContext } from '../context.js';

/**
 * While the process shuts down, requests that are being answered end as they would have. Until the last of them has its
 * answer the process listens on and answers new requests with 503, on open connections and on new ones, so that a source
 * reads when to send again rather than that nothing is there. Every connection is closed with its last answer.
 */
export const gracefulShutdown = plugin(
  async (app: FastifyInstance, { isStopping }: Pick<ApiContext, 'isStopping'>) => {
    const answering = new Set<FastifyRequest>();
    let isClosing = false;
    let allAnswered: () => void = () => undefined;

    app.addHook('preClose', async () => {
      isClosing = true;
      if (answering.size > 0) await new Promise<void>((resolve) => (allAnswered = resolve));
    });
    app.addHook('onRequest', async (request, reply) => {
      if (isClosing) {
        throw new ApiError('unavailable', 'This process is shutting down. Send the request again.', {
          headers: { 'retry-after': 1 },
        });
      }
      const ended = (): void => {
        answering.delete(request);
        if (answering.size === 0) allAnswered();
      };
      answering.add(request);
      reply.raw.once('close', ended).once('finish', ended);
    });
    app.addHook('onSend', async (_request, reply) => {
      // Balancers then keep no connection that is closed under their next request.
      if (isClosing || isStopping?.() === true) reply.header('connection', 'close');
    });
  },
);
