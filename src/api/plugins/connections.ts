import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { OperationError } from '../../operations/operationError.js';
import type { ApiContext } from '../context.js';

/** How long a request may take to arrive completely once all others have their responses, ms. */
const ARRIVE_WITHIN_MS = 1000;

/**
 * While the process shuts down, requests in progress complete normally. Until the last one has its response, the process
 * keeps listening and answers new requests with 503 and Retry-After, so that sources get no connection errors. Each
 * connection is closed after its last response, and a connection without a complete request soon after all others: closing
 * waits for it, and Node ends its own time limits for requests when a server begins to close.
 */
export const gracefulShutdown = plugin(
  async (app: FastifyInstance, { isStopping }: Pick<ApiContext, 'isStopping'>) => {
    const inProgress = new Set<FastifyRequest>();
    let isClosing = false;
    let onIdle: () => void = () => undefined;

    app.addHook('preClose', async () => {
      isClosing = true;
      if (inProgress.size > 0) await new Promise<void>((resolve) => (onIdle = resolve));
      setTimeout(() => app.server.closeAllConnections(), ARRIVE_WITHIN_MS).unref();
    });
    app.addHook('onRequest', async (request, reply) => {
      if (isClosing) {
        throw new OperationError('unavailable', 'This process is shutting down. Send the request again.', {
          retryAfterS: 1,
        });
      }
      const ended = (): void => {
        inProgress.delete(request);
        if (inProgress.size === 0) onIdle();
      };
      inProgress.add(request);
      reply.raw.once('close', ended).once('finish', ended);
    });
    app.addHook('onSend', async (_request, reply) => {
      // So load balancers do not reuse a connection that is about to close.
      if (isClosing || isStopping?.() === true) reply.header('connection', 'close');
    });
  },
);

interface Options {
  /** Timeout for the client to read a response, or what is ready of a streamed one, ms. */
  answerTimeoutMs: number;
}

/**
 * Closes the connection of a client that does not read its response. Otherwise the response would stay in memory, and the
 * connection would count against MAX_CONNECTIONS, without a time limit. A streamed response may take longer than the
 * timeout, as long as the client reads what is ready.
 */
export const slowClients = plugin(async (app: FastifyInstance, { answerTimeoutMs }: Options) => {
  app.addHook('onSend', async (request, reply, payload) => {
    let late: NodeJS.Timeout | undefined;
    const stop = (): void => clearTimeout(late);
    const start = (): void => {
      stop();
      late = setTimeout(() => request.raw.socket.destroy(), answerTimeoutMs);
      late.unref();
    };
    if (payload instanceof Readable) {
      // Paused while the client has more to read than the buffers hold.
      payload.on('pause', start).once('end', start);
      reply.raw.on('drain', stop);
    } else start();
    // Emitted when the last byte is handed to the system, and when the connection breaks.
    reply.raw.once('close', stop);
  });
});
