import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';

/**
 * What browsers may do with our pages: load from this server alone, and frame nothing (https://helmetjs.github.io).
 * There is no CORS: a key in a web page would be everybody's.
 */
export const securityHeaders = plugin(async (app: FastifyInstance) => {
  // What is answered is for the one who asked, unless a route says otherwise.
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
    // The proxy that ends TLS in front of us decides this for its whole domain.
    strictTransportSecurity: false,
  });
});
