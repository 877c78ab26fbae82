import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

export const openapi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: { title: 'Gavel Lead API', version: '1.0.0' },
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'The key that the seller handed out' },
      },
    },
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, i) =>
      typeof json.$id === 'string' ? json.$id : `schema-${i}`,
  },
};
