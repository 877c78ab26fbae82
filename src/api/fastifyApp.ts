import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { errorForLog } from '../errorForLog.js';
import { metrics } from '../metrics.js';
import { createLimitedServer } from './http/limitedServer.js';
import type { ApiContext } from './context.js';
import { gracefulShutdown } from './plugins/gracefulShutdown.js';
import { errorHandler, refuseMalformed, sendError, type ErrorMessages } from './plugins/errorHandler.js';
import { unknownRoutes } from './plugins/unknownRoutes.js';
import { MAX_URL_CHARACTERS, requestChecks } from './plugins/requestChecks.js';
import { requestLog } from './plugins/requestLog.js';
import { securityHeaders } from './plugins/securityHeaders.js';
import { slowClients } from './plugins/slowClients.js';

/** Leads may come whole in the query string, so the request line may be as long as a body. */
const MAX_HEADER_BYTES = 96 * 1024;

interface Options {
  /** How long a request may take to arrive, from its first byte to its last, and a client to read its answer, ms. */
  requestTimeoutMs: number;
  wording: ErrorMessages;
}

/**
 * Only who speaks to us is believed when it says for whom: of `X-Forwarded-For`, the last address. Those before it came
 * with the request, and whoever sends it could write there what it likes.
 */
const isProxyInFront = (_address: string, hop: number): boolean => hop === 0;

/** What all of our HTTP servers have in common: how they refuse, log, close, and what browsers may do with them. */
export async function createFastifyApp(
  { settings, log, isStopping }: Pick<ApiContext, 'settings' | 'log' | 'isStopping'>,
  { requestTimeoutMs, wording }: Options,
): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: settings.TRUST_PROXY && isProxyInFront,
    // Closing answers 503 in the API's own shape, see plugins/closing.ts.
    return503OnClosing: false,
    serverFactory: (handler) =>
      createLimitedServer(handler, {
        maxConnections: settings.MAX_CONNECTIONS,
        onDrop: () => metrics.connectionDropped(1, {}),
        keepAliveTimeout: settings.KEEP_ALIVE_MS,
        requestTimeout: requestTimeoutMs,
        // Of connections that say nothing, too.
        headersTimeout: requestTimeoutMs,
        // How often slow requests are looked for; Node's 30 s would let each hold its connection that much longer.
        connectionsCheckingInterval: 1000,
        maxHeaderSize: MAX_HEADER_BYTES,
        requireHostHeader: false,
        // Whatever NODE_OPTIONS says.
        insecureHTTPParser: false,
      }),
    // Of closing, too, which waits for requests under way: `untilStopped` limits that.
    pluginTimeout: 0,
    routerOptions: {
      ignoreTrailingSlash: true,
      // An id is looked at by its route, however long it is.
      maxParamLength: MAX_URL_CHARACTERS,
      // The query is read by the routes, where a name that is given twice is a fault.
      querystringParser: () => ({}),
    },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply, { log, wording }),
    clientErrorHandler: refuseMalformed,
  });
  // A connection that can't be accepted, for want of file descriptors or memory, is no reason to end the process.
  // One that comes before it listens, such as a port that is taken, is the starter's.
  app.server.once('listening', () => {
    app.server.on('error', (error) => log.error({ event: 'not_accepted', fault: errorForLog(error) }));
  });
  // Schemas describe and serialise; requests are checked by rules of our own, which name every fault at once.
  app.setValidatorCompiler(() => () => true);

  await app.register(errorHandler, { log, wording });
  await app.register(requestLog, { log });
  await app.register(securityHeaders);
  await app.register(slowClients, { answerTimeoutMs: requestTimeoutMs });
  await app.register(gracefulShutdown, { isStopping });
  await app.register(unknownRoutes, wording);
  await app.register(requestChecks);
  return app;
}

/**
 * Answers `/`: browsers are redirected to the page that they should read, programs get its address and others as JSON.
 * @param links paths by what they lead to
 */
export function addRootRoute(app: FastifyInstance, page: string, links: Record<string, string>): void {
  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    reply.header('vary', 'Accept');
    return wantsHtml(request) ? reply.redirect(page) : links;
  });
}

const wantsHtml = ({ headers }: FastifyRequest): boolean => (headers.accept ?? '').includes('text/html');
