import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { OperationError } from '../../operations/operationError.js';
import { HttpError } from '../http/httpError.js';
import { pathOf } from '../http/requestTarget.js';
import type { ErrorMessages } from './errorHandler.js';

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
