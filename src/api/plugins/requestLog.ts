import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import type { Log } from '../../log.js';
import { metrics } from '../../metrics.js';

/** Routes that machines ask every few seconds: worth a line only when something is wrong. */
const QUIET = ['/health', '/ready'];

/**
 * One line a request. The route is its pattern, never the address as sent: query strings hold people's data, and
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
