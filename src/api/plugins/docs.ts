import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { LRUCache } from 'lru-cache';
import type { Guide } from '../docs/guide.js';
import { openapiOptions, type OpenApi } from '../docs/openapi.js';
import { renderDocsPage } from '../docs/page.js';
import { icon, style } from '../docs/style.js';
import { ORIGIN_HEADERS, originOf } from '../http/origin.js';
import {
  BatchResult,
  ErrorAnswer,
  Health,
  LeadAnswer,
  LeadRequest,
  LeadView,
  PingAnswer,
  PingRequest,
  Readiness,
  ReturnAnswer,
  ReturnRequest,
} from '../schemas.js';

interface Options {
  /** The base URL in the examples; by default that of the request. */
  publicUrl: string | undefined;
  guide: Guide;
  /** The complete OpenAPI document; callable once all routes are registered. */
  document: () => OpenApi;
}

/**
 * Serves the OpenAPI document, generated from the routes’ schemas, and the docs page: docs/source.md with a reference
 * generated from that document.
 */
export const docs = plugin(async (app: FastifyInstance, { publicUrl, guide, document }: Options) => {
  for (const schema of [
    LeadRequest,
    LeadAnswer,
    LeadView,
    PingRequest,
    PingAnswer,
    BatchResult,
    ErrorAnswer,
    ReturnRequest,
    ReturnAnswer,
    Readiness,
    Health,
  ])
    app.addSchema(schema);
  const about = 'Send a lead, and get the result of its sale in the same call. The guide is at /docs.';
  const keys = { key: 'A source’s key, from the seller', buyerKey: 'A buyer’s key' };
  await app.register(swagger, openapiOptions('Gavel Lead API', about, keys));

  let openApi = '';
  let page = (_origin: string): string => '';
  app.addHook('onReady', async () => {
    openApi = JSON.stringify(document());
    page = renderDocsPage(guide, document());
  });
  // Pages are large: cached by base URL.
  const pages = new LRUCache<string, string>({ max: 20, memoMethod: (origin) => page(origin) });
  const hidden = { schema: { hide: true } };
  app.get('/docs', hidden, async (request, reply) => {
    // A page with the base URL of the request must not be cached for other clients.
    if (publicUrl === undefined) reply.headers({ 'cache-control': 'no-store', vary: ORIGIN_HEADERS });
    else reply.header('cache-control', CACHED);
    return reply.type('text/html; charset=utf-8').send(pages.memo(publicUrl ?? originOf(request)));
  });
  app.get('/docs/style.css', hidden, async (_request, reply) =>
    reply.header('cache-control', CACHED).type('text/css; charset=utf-8').send(style),
  );
  app.get('/docs/icon.svg', hidden, async (_request, reply) =>
    reply.header('cache-control', CACHED).type('image/svg+xml').send(icon),
  );
  app.get('/docs/openapi.json', hidden, async (_request, reply) =>
    reply.header('cache-control', CACHED).type('application/json; charset=utf-8').send(openApi),
  );
});

/** The content changes only with a release. */
const CACHED = 'public, max-age=300';
