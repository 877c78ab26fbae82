import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { RATE_HEADERS } from '../http/rateLimits.js';
import type { Sample } from './guide.js';

const Operation = Type.Object({
  operationId: Type.String(),
  summary: Type.String(),
  tags: Type.Array(Type.String()),
  parameters: Type.Optional(
    Type.Array(
      Type.Object({ name: Type.String(), in: Type.String(), description: Type.Optional(Type.String()) }),
    ),
  ),
  requestBody: Type.Optional(Type.Unknown()),
  responses: Type.Record(
    Type.String(),
    Type.Object({ description: Type.String(), headers: Type.Optional(Type.Unknown()) }),
  ),
  'x-codeSamples': Type.Optional(Type.Unknown()),
});

const OpenApi = Type.Object({ paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)) });

export type Operation = Static<typeof Operation>;
export type OpenApi = Static<typeof OpenApi>;

/**
 * Options of the OpenAPI generator.
 * @param keys descriptions of the keys, by their name in the routes’ `security`
 */
export const openapiOptions = (
  title: string,
  description: string,
  keys: Record<string, string>,
): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: { title, version: '1.0.0', description },
    servers: [{ url: '/' }],
    components: {
      securitySchemes: Object.fromEntries(
        Object.entries(keys).map(([name, about]) => [
          name,
          { type: 'http', scheme: 'bearer', description: about },
        ]),
      ),
    },
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, i) =>
      typeof json.$id === 'string' ? json.$id : `schema-${i}`,
  },
});

const HEADERS: Record<string, { description: string; schema: { type: string } }> = {
  'X-Request-Id': { description: 'The id of the request in the exchange’s logs', schema: { type: 'string' } },
  ...Object.fromEntries(
    Object.entries(RATE_HEADERS).map(([name, description]) => [
      name,
      { description, schema: { type: 'integer' } },
    ]),
  ),
};

/** Adds to the document what routes’ schemas can’t express: response headers, fields in the query, code samples. */
export function completeOpenApi(document: unknown, samples: Sample[]): OpenApi {
  if (!Value.Check(OpenApi, document)) throw new Error('A route has no operationId, summary or tags');
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    if (!operation.tags.some((tag) => tag === 'Leads' || tag === 'Returns')) continue;
    for (const [status, response] of Object.entries(operation.responses)) {
      const retry = ['409', '429', '503'].includes(status) ? { 'Retry-After': RETRY_AFTER } : {};
      response.headers = { ...HEADERS, ...retry };
    }
    if (operation.operationId !== 'sendLead') continue;
    operation['x-codeSamples'] = samples;
    operation.parameters = [...(operation.parameters ?? []), QUERY];
  }
  return document;
}

const RETRY_AFTER = {
  description: 'Seconds to wait before sending the request again',
  schema: { type: 'integer' },
};

const QUERY = {
  name: 'fields',
  in: 'query',
  description: 'Fields may be in the query as well. If a field is in both, the body’s value is used',
  style: 'form',
  explode: true,
  schema: { type: 'object', additionalProperties: { type: 'string' } },
};
