import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { invalidRequest, OperationError } from '../../operations/operationError.js';
import { HttpError } from '../http/httpError.js';
import { pathOf } from '../http/requestTarget.js';
import type { ErrorMessages } from './errorHandler.js';

/** A lead in the query may be as long as a body. */
export const MAX_URL_CHARACTERS = 65_536;

/** Node silently drops headers beyond 2,000. */
const MAX_HEADERS = 200;

/** With a duplicate of these, a proxy and this server could each use another one (RFC 9110, 5.3). */
const ONCE = new Set(['authorization', 'content-type', 'host', 'idempotency-key']);

/** Checks the request line and headers, and sets the request id. A client’s own id is not used, since it could hold anything. */
export const requestChecks = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.url.length > MAX_URL_CHARACTERS) {
      throw new HttpError('tooLarge', 'The URL is too long. Send the lead in the body.', { status: 414 });
    }
    if (request.raw.httpVersion !== '1.0' && request.headers.host === undefined) {
      throw invalidRequest('The Host header is missing. HTTP/1.1 requires it.');
    }
    const names = request.raw.rawHeaders.filter((_text, i) => i % 2 === 0).map((name) => name.toLowerCase());
    if (names.length > MAX_HEADERS) {
      throw new HttpError('tooLarge', `The request has too many headers. Send at most ${MAX_HEADERS}.`, {
        status: 431,
      });
    }
    const twice = names.find((name, i) => ONCE.has(name) && names.indexOf(name) < i);
    if (twice !== undefined) throw invalidRequest(`The header ${twice} is repeated. Send it once.`);
  });
});

/**
 * Answers 404 for an unknown path, and 405 if the path exists without this method, before the body is read.
 */
export const unknownRoutes = plugin(
  async (app: FastifyInstance, { notFound }: Pick<ErrorMessages, 'notFound'>) => {
    const routes = new Map<string, { address: RegExp; methods: Set<string> }>();
    app.addHook('onRoute', ({ url, method }) => {
      const address = new RegExp(`^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}/?$`);
      const route = routes.get(url) ?? { address, methods: new Set<string>() };
      for (const one of [method].flat()) route.methods.add(one);
      routes.set(url, route);
    });
    app.addHook('onRequest', async (request) => {
      if (!request.is404) return;
      const path = pathOf(request.url);
      const fitting = [...routes].filter(([, { address }]) => address.test(path));
      // A literal path has priority over a pattern: `/admin/leads/erase` is not a lead.
      const [, route] = fitting.find(([url]) => !url.includes(':')) ?? fitting[0] ?? [];
      if (route === undefined) throw new OperationError('notFound', notFound(path));
      const allow = [...route.methods].sort().join(', ');
      throw new HttpError('wrongMethod', `Use ${allow} here.`, { headers: { allow } });
    });
  },
);
