import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { readBody } from '../http/body.js';
import { unsupportedType } from '../../operations/body/unsupportedType.js';

export const MAX_BODY_BYTES = 65_536;

/** Parses bodies of all content types to names and values, and stops reading a body that is too long. */
export const bodyParsers = plugin(async (app: FastifyInstance) => {
  app.removeAllContentTypeParsers();
  // Fastify rejects an empty header before a parser gets it.
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.headers['content-type'] === '') delete raw.headers['content-type'];
  });
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    async (request: FastifyRequest, body: Buffer) => {
      refuseCompressed(request);
      return readBody(body, request.headers['content-type']);
    },
  );
});

/** @throws OperationError `wrongType` */
export function refuseCompressed({ headers }: Pick<FastifyRequest, 'headers'>): void {
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity')
    throw unsupportedType('The body is compressed. Send it uncompressed.');
}
