import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import type { Log } from '../../log.js';
import { metrics } from '../../metrics.js';

/** Routes that machines poll. Only their errors are logged. */
const QUIET = ['/health', '/ready'];

/**
 * Logs one line per request, with the pattern of the route instead of the URL: query strings contain personal data, and
 * sometimes keys.
 */
export const requestLog = plugin(async (app: FastifyInstance, { log }: { log: Log }) => {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url;
    if (route !== undefined && QUIET.includes(route) && reply.statusCode < 400) return;
    const ms = Math.round(reply.elapsedTime);
    const { method } = request;
    metrics.request(reply.elapsedTime, { method, route: route ?? 'none', status: String(reply.statusCode) });
    log.info({
      event: 'request',
      method,
      route: route ?? 'none',
      status: reply.statusCode,
      ms,
      request_id: request.id,
      key_id: request.apiKey?._id,
      source: request.apiKey?.seller === undefined ? undefined : request.apiKey.source,
    });
  });
});
