import type { FastifyInstance } from 'fastify';
import { addRootRoute, createFastifyApp } from './fastifyApp.js';
import { createReadCache } from './readCache.js';
import type { LeadApiContext } from './context.js';
import { readGuide } from './docs/guide.js';
import { completeOpenApi, type OpenApi } from './docs/openapi.js';
import { bodyParsers } from './plugins/bodyParsers.js';
import { docs } from './plugins/docs.js';
import { createRateLimits } from './http/rateLimits.js';
import { createLeadIntake } from './leads/leadIntake.js';
import { batchRoutes } from './routes/batchRoutes.js';
import { buyerRoutes } from './routes/buyerRoutes.js';
import { healthRoutes } from './routes/healthRoutes.js';
import { inboundRoutes } from './routes/inboundRoutes.js';
import { specRoutes } from './routes/specRoutes.js';
import { leadRoutes } from './routes/leadRoutes.js';
import { pingRoutes } from './routes/pingRoutes.js';

/** A source that takes longer to send 64 KiB or to read a response is disconnected, or is an attacker. */
const REQUEST_TIMEOUT_MS = 10_000;

const wording = {
  tooLarge: 'The body is over 64 KiB. Send a shorter one.',
  databaseDown:
    'The lead could not be stored. Send it again after Retry-After seconds, with an Idempotency-Key.',
  notFound: (path: string) =>
    path.startsWith('/admin')
      ? 'This is the Lead API, documented at /docs. The admin API is on another port.'
      : 'This path does not exist. See /docs.',
};

/** The Lead API, not listening yet. Closing it does not close the services in `context`. */
export async function buildLeadApi(context: LeadApiContext): Promise<FastifyInstance> {
  const app = await createFastifyApp(context, { requestTimeoutMs: REQUEST_TIMEOUT_MS, wording });
  const cache = createReadCache(context.database);
  const limits = createRateLimits(context.redis);
  await app.register(bodyParsers);
  const guide = readGuide();
  let complete: OpenApi | undefined;
  const document = (): OpenApi => (complete ??= completeOpenApi(app.swagger(), guide.samples));
  await app.register(docs, { publicUrl: context.settings.PUBLIC_URL, guide, document });
  addRootRoute(app, '/docs', { docs: '/docs', openapi: '/docs/openapi.json' });
  const takeLead = createLeadIntake(context, cache);
  await app.register(leadRoutes, { context, cache, limits, takeLead });
  await app.register(pingRoutes, { context, cache, limits });
  await app.register(batchRoutes, { context, cache, limits, takeLead, wording });
  await app.register(specRoutes, { context, guide, document });
  await app.register(buyerRoutes, { context, cache, limits });
  await app.register(inboundRoutes, { context, cache, limits });
  await app.register(healthRoutes, { context });
  await app.ready();
  return app;
}
