import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { LRUCache } from 'lru-cache';
import { readGuide } from '../docs/guide.js';
import { completeOpenApi, openapiOptions } from '../docs/openapi.js';
import { renderDocsPage } from '../docs/page.js';
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

interface Options {
  /** The address in the examples; that of the request unless given. */
  publicUrl: string | undefined;
}

/**
 * The OpenAPI document, made of the schemas that serve the requests, and a page to read: docs/source.md with a reference
 * made of that document, all of it from this server.
 */
export const docs = plugin(async (app: FastifyInstance, { publicUrl }: Options) => {
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

  let openApi = '';
  let page = (_origin: string): string => '';
  app.addHook('onReady', async () => {
    const guide = readGuide();
    const document = completeOpenApi(app.swagger(), guide.samples);
    openApi = JSON.stringify(document);
    page = renderDocsPage(guide, document);
  });
  // A page is large: those who ask by the same address share one text.
  const pages = new LRUCache<string, string>({ max: 20, memoMethod: (origin) => page(origin) });
  const hidden = { schema: { hide: true } };
  app.get('/docs', hidden, async (request, reply) => {
    // A page with an address that the request names must not be kept for others.
    if (publicUrl === undefined) reply.headers({ 'cache-control': 'no-store', vary: NAMED_BY });
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

/** The same for everybody, until the next release. */
const CACHED = 'public, max-age=300';
/** What names the address that a request came by. */
const NAMED_BY = 'Host, X-Forwarded-Host, X-Forwarded-Proto';

/** As the reader's browser knows this server, so that examples can be copied; a Host of another form is not repeated. */
function originOf({ protocol, host }: FastifyRequest): string {
  const isHost = host.length <= LONGEST_HOST && /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(host);
  // A proxy in front may say any word for the protocol.
  return isHost ? `${protocol === 'https' ? 'https' : 'http'}://${host}` : 'http://127.0.0.1:3000';
}

/** A domain name has 253 characters at most (RFC 1035), a port six with its colon. */
const LONGEST_HOST = 259;
