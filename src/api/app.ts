import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance } from 'fastify';
import { createLookups } from './lookups.js';
import type { Parts } from './parts.js';
import { bodies } from './plugins/bodies.js';
import { closing } from './plugins/closing.js';
import { docs } from './plugins/docs.js';
import { errors, refuseMalformed, sendError } from './plugins/errors.js';
import { methods } from './plugins/methods.js';
import { MAX_URL_CHARACTERS, requestForm } from './plugins/requestForm.js';
import { requestLog } from './plugins/requestLog.js';
import { securityHeaders } from './plugins/securityHeaders.js';
import { createRateLimits } from './rateLimits.js';
import { buyers } from './routes/buyers.js';
import { healthRoutes } from './routes/health.js';
import { leads } from './routes/leads.js';

/** Leads may come whole in the query string, so the request line may be as long as a body. */
const MAX_HEADER_BYTES = 96 * 1024;

/** A source that needs longer for the 64 KiB of its request, from the first byte to the last, is let go of. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The API, ready to listen or to be injected requests. Closing it closes none of its parts. */
export async function buildApp(parts: Parts): Promise<FastifyInstance> {
  const { settings, log } = parts;
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: settings.TRUST_PROXY,
    // Closing answers 503 in the API's own shape, see plugins/closing.ts.
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      requireHostHeader: false,
      // Whatever NODE_OPTIONS says.
      insecureHTTPParser: false,
      // Of connections that say nothing, too.
      headersTimeout: REQUEST_TIMEOUT_MS,
      // How often slow requests are looked for; Node's 30 s would let each hold its connection so much longer.
      connectionsCheckingInterval: 1000,
    },
    routerOptions: {
      ignoreTrailingSlash: true,
      // An id is looked at by its route, however long it is.
      maxParamLength: MAX_URL_CHARACTERS,
      // The query is read by routes/leads.ts, where a name that is given twice is a fault.
      querystringParser: () => ({}),
    },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply, log),
    clientErrorHandler: refuseMalformed,
  });
  // Schemas describe and serialise; requests are checked by the rules of the market, which name every fault at once.
  app.setValidatorCompiler(() => () => true);

  const lookups = createLookups(parts.database);
  const limits = createRateLimits(parts.redis);
  await app.register(errors, { log });
  await app.register(requestLog, { log });
  await app.register(securityHeaders);
  await app.register(closing);
  await app.register(methods);
  await app.register(requestForm);
  await app.register(bodies);
  await app.register(docs);
  await app.register(leads, { parts, lookups, limits });
  await app.register(buyers, { parts, lookups, limits });
  await app.register(healthRoutes, { parts });
  await app.ready();
  return app;
}
