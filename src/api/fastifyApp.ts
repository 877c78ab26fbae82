import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { errorForLog } from '../errorForLog.js';
import { metrics } from '../metrics.js';
import { createLimitedServer } from './http/limitedServer.js';
import { wantsHtml } from './http/prefer.js';
import type { ApiContext } from './context.js';
import { gracefulShutdown, slowClients } from './plugins/connections.js';
import { errorHandler, refuseMalformed, sendError, type ErrorMessages } from './plugins/errorHandler.js';
import { unknownRoutes, MAX_URL_CHARACTERS, requestChecks } from './plugins/requestChecks.js';
import { requestLog } from './plugins/requestLog.js';
import { securityHeaders } from './plugins/securityHeaders.js';

/** A whole lead may be in the query string, so the request line may be as long as a body. */
const MAX_HEADER_BYTES = 96 * 1024;

interface Options {
  /** Timeout for receiving a whole request, and for the client to read the response, ms. */
  requestTimeoutMs: number;
  wording: ErrorMessages;
}

/**
 * Trusts the last address of `X-Forwarded-For` only, which the proxy in front sets. A client can set the addresses before
 * it to anything.
 */
const isProxyInFront = (_address: string, hop: number): boolean => hop === 0;

/** A Fastify app with the plugins that both APIs share: errors, log, security headers, timeouts, shutdown. */
export async function createFastifyApp(
  { settings, log, isStopping }: Pick<ApiContext, 'settings' | 'log' | 'isStopping'>,
  { requestTimeoutMs, wording }: Options,
): Promise<FastifyInstance> {
  // Served from 0 on, so that the first event is an increase.
  metrics.connectionDropped(0, {});
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: settings.TRUST_PROXY && isProxyInFront,
    // plugins/connections.ts answers 503 in the API’s own format.
    return503OnClosing: false,
    serverFactory: (handler) =>
      createLimitedServer(handler, {
        maxConnections: settings.MAX_CONNECTIONS,
        onDrop: () => metrics.connectionDropped(1, {}),
        keepAliveTimeout: settings.KEEP_ALIVE_MS,
        requestTimeout: requestTimeoutMs,
        // Also for idle new connections.
        headersTimeout: requestTimeoutMs,
        // With Node’s default of 30 s, a slow request would hold its connection that much longer.
        connectionsCheckingInterval: 1000,
        maxHeaderSize: MAX_HEADER_BYTES,
        requireHostHeader: false,
        // NODE_OPTIONS can’t override this.
        insecureHTTPParser: false,
      }),
    // It also limits closing, which waits for requests in progress: `untilStopped` limits that.
    pluginTimeout: 0,
    routerOptions: {
      ignoreTrailingSlash: true,
      // Each route checks its ids itself.
      maxParamLength: MAX_URL_CHARACTERS,
      // The routes read the query themselves, because a duplicate name is a fault.
      querystringParser: () => ({}),
    },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply, { log, wording }),
    clientErrorHandler: refuseMalformed,
  });
  // If a connection can't be accepted, for lack of file descriptors or memory, the process goes on.
  // Errors before it listens, such as a port in use, reject `listen`.
  app.server.once('listening', () => {
    app.server.on('error', (error) => log.error({ event: 'not_accepted', fault: errorForLog(error) }));
  });
  // Schemas describe and serialise. The routes check requests by rules that report all faults at once.
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
 * Serves `/`: browsers are redirected to `page`, programs get `links` as JSON.
 * @param links paths by name
 */
export function addRootRoute(app: FastifyInstance, page: string, links: Record<string, string>): void {
  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    reply.header('vary', 'Accept');
    return wantsHtml(request) ? reply.redirect(page) : links;
  });
}
