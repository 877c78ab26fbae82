import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { ApiError } from '../../operations/refusal.js';
import { pathOf } from '../http/requestTarget.js';
import type { ErrorMessages } from './errorHandler.js';

/**
 * Tells an address that does not exist (404) from one that does not take the method (405). Asked before the body is
 * read: nobody needs the body of a request that goes nowhere.
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
      // An address of its own goes before one of a pattern: /admin/leads/erase is no lead.
      const [, route] = fitting.find(([url]) => !url.includes(':')) ?? fitting[0] ?? [];
      if (route === undefined) throw new ApiError('notFound', notFound(path));
      const allow = [...route.methods].sort().join(', ');
      throw new ApiError('wrongMethod', `Use ${allow} here.`, { headers: { allow } });
    });
  },
);
