import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';

/**
 * Pages load resources only from this server, and can't be framed (https://helmetjs.github.io). There is no CORS: a key in a
 * web page would be public.
 */
export const securityHeaders = plugin(async (app: FastifyInstance) => {
  // Responses are private, unless a route sets another value.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // The proxy that terminates TLS decides this for its whole domain.
    strictTransportSecurity: false,
  });
});
