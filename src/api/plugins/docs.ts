import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { readGuide } from '../docs/guide.js';
import { completeOpenApi, openapiOptions, type OpenApi } from '../docs/openapi.js';
import { docsPage } from '../docs/page.js';
import { icon, style } from '../docs/style.js';
import {
  ErrorAnswer,
  Health,
  LeadAnswer,
  LeadRequest,
  LeadView,
  Readiness,
  ReturnAnswer,
  ReturnRequest,
} from '../schemas.js';

/**
 * The OpenAPI document, made of the schemas that serve the requests, and a page to read: docs/source.md with a reference
 * made of that document, all of it from this server.
 */
export const docs = plugin(async (app: FastifyInstance) => {
  for (const schema of [
    LeadRequest,
    LeadAnswer,
    LeadView,
    ErrorAnswer,
    ReturnRequest,
    ReturnAnswer,
    Readiness,
    Health,
  ])
    app.addSchema(schema);
  const about = 'Send a lead, and be told in the same call whether it was sold. The guide is at /docs.';
  const keys = { key: 'The key that the seller handed out', buyerKey: 'A buyer’s own key' };
  await app.register(swagger, openapiOptions('Gavel Lead API', about, keys));

  let document: OpenApi | undefined;
  let page: ((origin: string) => string) | undefined;
  app.addHook('onReady', async () => {
    const guide = readGuide();
    document = completeOpenApi(app.swagger(), guide.samples);
    page = docsPage(guide, document);
  });
  const hidden = { schema: { hide: true } };
  app.get('/docs', hidden, async (request, reply) =>
    reply.type('text/html; charset=utf-8').send(page?.(originOf(request))),
  );
  app.get('/docs/style.css', hidden, async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(style),
  );
  app.get('/docs/icon.svg', hidden, async (_request, reply) => reply.type('image/svg+xml').send(icon));
  app.get('/docs/openapi.json', hidden, async () => document);
});

/** As the reader's browser knows this server, so that examples can be copied; a Host of another form is not repeated. */
function originOf({ protocol, host }: FastifyRequest): string {
  return /^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host)
    ? `${protocol}://${host}`
    : 'http://127.0.0.1:3000';
}
