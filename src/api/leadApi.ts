import type { FastifyInstance } from 'fastify';
import { addHome, openHttpServer } from './httpServer.js';
import { createLookups } from '../operations/lookups.js';
import type { Parts } from './context.js';
import { bodies } from './plugins/bodies.js';
import { docs } from './plugins/docs.js';
import { createRateLimits } from './http/rateLimits.js';
import { buyers } from './routes/buyerRoutes.js';
import { healthRoutes } from './routes/healthRoutes.js';
import { leads } from './routes/leadRoutes.js';

/** A source that needs longer to send 64 KiB, or to read its answer, has lost its connection or means no good. */
const REQUEST_TIMEOUT_MS = 10_000;

const wording = {
  tooLarge: 'A body may have 64 KiB at the most.',
  away: 'The lead could not be stored. Send it again after Retry-After seconds, with an Idempotency-Key.',
  nowhere: (path: string) =>
    path.startsWith('/admin')
      ? 'The admin API is not on this port. This is the Lead API; its page is /docs.'
      : 'There is nothing at this address. See /docs.',
};

/** The API, ready to listen or to be injected requests. Closing it closes none of its parts. */
export async function buildApp(parts: Parts): Promise<FastifyInstance> {
  const app = await openHttpServer(parts, { requestTimeoutMs: REQUEST_TIMEOUT_MS, wording });
  const lookups = createLookups(parts.database);
  const limits = createRateLimits(parts.redis);
  await app.register(bodies);
  await app.register(docs, { publicUrl: parts.settings.PUBLIC_URL });
  addHome(app, '/docs', { docs: '/docs', openapi: '/docs/openapi.json' });
  await app.register(leads, { parts, lookups, limits });
  await app.register(buyers, { parts, lookups, limits });
  await app.register(healthRoutes, { parts });
  await app.ready();
  return app;
}
