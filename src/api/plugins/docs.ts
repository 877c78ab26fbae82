import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { openapi } from '../docs/openapi.js';
import { ErrorAnswer, Health, LeadAnswer, LeadRequest, LeadView, Readiness } from '../schemas.js';

/** The OpenAPI document, made of the schemas that serve the requests, and a page to read it by. */
export const docs = plugin(async (app: FastifyInstance) => {
  for (const schema of [LeadRequest, LeadAnswer, LeadView, ErrorAnswer, Readiness, Health])
    app.addSchema(schema);
  await app.register(swagger, openapi);
  app.get('/docs/openapi.json', { schema: { hide: true } }, async () => app.swagger());
});
