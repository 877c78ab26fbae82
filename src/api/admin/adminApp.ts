import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { openapiOptions } from '../docs/openapi.js';
import { addRootRoute, createFastifyApp } from '../fastifyApp.js';
import { createReadCache } from '../readCache.js';
import type { ApiContext } from '../context.js';
import type { ErrorMessages } from '../plugins/errorHandler.js';
import { createRateLimits } from '../http/rateLimits.js';
import { healthRoute } from '../routes/healthRoutes.js';
import { ErrorAnswer, Health } from '../schemas.js';
import { errorOf } from '../errorTable.js';
import { ChangeSchema } from '../../operations/market/marketChanges.js';
import { ADMIN_ERROR_CAUSES, type AdminErrorKind } from './adminErrors.js';
import { OPERATIONS } from '../../operations/allOperations.js';
import { adminRoutes } from './adminRoutes.js';

/** A market file may be large, and the connection slow. */
const REQUEST_TIMEOUT_MS = 60_000;

const wordingFor = ({ PUBLIC_URL, PORT }: ApiContext['settings']): ErrorMessages => ({
  tooLarge: 'The body is too long for this operation. Send a shorter one.',
  databaseDown:
    'The database does not answer. Before you send the request again, check whether it was executed.',
  notFound: (path) =>
    OF_LEAD_API.test(path)
      ? `The Lead API serves ${path}: ${PUBLIC_URL === undefined ? `use port ${PORT}` : `use ${PUBLIC_URL}${path}`}. This is the admin API.`
      : 'This path does not exist. /admin/openapi.json lists all operations.',
});

/** Paths of the Lead API, for a hint when they are requested here. */
const OF_LEAD_API = /^\/(?:ready|docs|api\/[\w/-]{1,80})$/;

/** The admin API, not listening yet. Closing it does not close the services in `context`. */
export async function buildAdminApi(context: ApiContext): Promise<FastifyInstance> {
  const app = await createFastifyApp(context, {
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    wording: wordingFor(context.settings),
  });
  // `readInput` reads bodies, because their format depends on the operation.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (_request: FastifyRequest, body: Buffer) => body,
  );
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  for (const schema of new Set([...OPERATIONS.map(({ output }) => output), AdminError, Health]))
    app.addSchema(schema);
  const about = 'All `gavel` commands that work with --remote. The guide is docs/admin.md.';
  await app.register(swagger, openapiOptions('Gavel Admin API', about, { adminKey: 'An admin key' }));
  await app.register(adminRoutes, {
    context,
    cache: createReadCache(context.database),
    limits: createRateLimits(context.redis),
  });
  await app.register(healthRoute);
  addRootRoute(app, '/admin/openapi.json', { openapi: '/admin/openapi.json', health: '/health' });
  app.get('/admin/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

const texts = (Object.keys(ADMIN_ERROR_CAUSES) as AdminErrorKind[]).map((kind) => errorOf(kind).error);

const AdminError = Type.Object(
  {
    ...ErrorAnswer.properties,
    error: Type.Enum([...texts], { type: 'string', description: 'One of the texts of the error table' }),
    faults: Type.Optional(
      Type.Array(
        Type.Object({
          line: Type.Integer(),
          column: Type.Integer(),
          path: Type.String({ examples: ['campaigns[0].sale.floor'] }),
          message: Type.String(),
        }),
        { description: 'Faults of a market file, each with its line' },
      ),
    ),
    changes: Type.Optional(
      Type.Array(ChangeSchema, {
        description: 'Changes of the market file, if they need confirmation',
      }),
    ),
  },
  { $id: 'AdminError', title: 'An error' },
);
