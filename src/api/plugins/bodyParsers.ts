import type { FastifyInstance, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { readBody } from '../http/body.js';
import { unsupportedType } from '../http/unsupportedType.js';

/** 64 KiB. */
export const MAX_BODY_BYTES = 65_536;

/** Every body becomes names and values, whatever its type; one that is too long is not read to its end. */
export const bodyParsers = plugin(async (app: FastifyInstance) => {
  app.removeAllContentTypeParsers();
  // An empty header names no type, and Fastify refuses it before a parser sees it.
  app.addHook('onRequest', async ({ raw }) => {
    if (raw.headers['content-type'] === '') delete raw.headers['content-type'];
  });
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    async (request: FastifyRequest, body: Buffer) => {
      const coding = request.headers['content-encoding'] ?? 'identity';
      if (coding.toLowerCase() !== 'identity') throw unsupportedType('Send the body uncompressed.');
      return readBody(body, request.headers['content-type']);
    },
  );
});
