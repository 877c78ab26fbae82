import { createHmac } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { v7 } from 'uuid';
import { unsupportedType } from '../../operations/body/unsupportedType.js';
import { invalidRequest, type OperationError } from '../../operations/operationError.js';
import { readPayload, type ReadPayload } from '../../operations/sources/readPayload.js';
import { storePayload } from '../../store/leads/payloads.js';
import type { LeadApiContext, RouteContext } from '../context.js';
import { HttpError } from '../http/httpError.js';
import { queryOf } from '../http/requestTarget.js';
import {
  checkProofs,
  countLeads,
  findSource,
  secretUnset,
  type AddressedSource,
  type AuthServices,
  type SourceParams,
} from '../inbound/authenticateSource.js';
import { startDuePayloads } from '../inbound/duePayloads.js';
import { equal, secretOf, SecretUnset } from '../inbound/proof.js';
import { createSourceCache } from '../inbound/sourceCache.js';
import {
  announcedLead,
  isRefusal,
  keepFailed,
  takeDocument,
  type ProvenPayload,
  type Taken,
} from '../inbound/takePayload.js';
import { MAX_BODY_BYTES } from '../plugins/bodyParsers.js';

/** The paths of a source's address: with its key, or without one if the source proves its requests in another way. */
const PATHS = ['/in/:source', '/in/:source/:secret'];

const schema = { hide: true };

/**
 * The addresses of sources that can't send a lead as the Lead API wants it. A request is answered as soon as its lead is
 * stored, without waiting for buyers. What is refused for its fields is kept for ops, and answered as the sender needs it:
 * most senders never repeat a request that was answered 4xx.
 */
export async function inboundRoutes(
  app: FastifyInstance,
  { context, cache, limits }: RouteContext<LeadApiContext>,
): Promise<void> {
  const sources = createSourceCache(context.database);
  const services: AuthServices = { context, cache, sources, limits };
  const due = startDuePayloads({ context, cache, sources });
  app.addHook('onClose', () => due.stop());
  app.decorateRequest('apiKey', null);
  const addressed = new WeakMap<FastifyRequest, AddressedSource>();
  app.addHook('onRequest', async (request) => {
    const found = await findSource(services, request);
    // For the log.
    request.apiKey = found.key;
    addressed.set(request, found);
  });

  // Signatures are over the bytes of a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    async (_request: FastifyRequest, body: Buffer) => body,
  );

  for (const path of PATHS) {
    app.post<{ Params: SourceParams; Body: Buffer | undefined }>(path, { schema }, async (request, reply) => {
      const found = addressedOf(request);
      const { source, key } = found;
      const raw = request.body ?? Buffer.alloc(0);
      const contentType = request.headers['content-type'];
      if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity')
        throw unsupportedType('The body is compressed. Send it uncompressed.');
      const receivedAt = new Date();
      const read = await readOrRefusal(raw, contentType, found);
      await checkProofs(services, found, request, {
        method: request.method,
        uri: uriOf(context, request),
        headers: request.headers,
        raw,
        document: 'document' in read ? read.document : undefined,
        now: receivedAt.getTime(),
      });
      const payloadId = v7({ msecs: receivedAt.getTime() });
      const payload = { contentType, body: raw };
      const proven: ProvenPayload = { source, key, receivedAt, payload, payloadId };
      const taken = 'document' in read ? await take(proven, read) : [refusedBody(read)];
      const [refused] = taken.flatMap((one) => (one.status === 'refused' ? one : []));
      if (refused !== undefined)
        await keepFailed({ context }, proven, { reason: refused.message, test: refused.isTest });
      return answer(reply, found, taken);
    });

    app.get<{ Params: SourceParams }>(path, { schema, exposeHeadRoute: false }, async (request, reply) =>
      answerChallenge(addressedOf(request), new URLSearchParams(queryOf(request.url)), reply),
    );
  }

  function addressedOf(request: FastifyRequest): AddressedSource {
    const found = addressed.get(request);
    if (found === undefined) throw new Error('The request has no source');
    return found;
  }

  async function take(proven: ProvenPayload, read: ReadPayload): Promise<Taken[]> {
    const { documents, ignored, problem } = proven.source.mapping.read(read.document);
    if (problem !== undefined) return [{ status: 'refused', message: problem, isTest: false }];
    if (documents.length === 0 && ignored === 0)
      return [{ status: 'refused', message: 'The request has no lead.', isTest: false }];
    // A request is taken as a whole. What it has beyond the limit, the next ones lack.
    if (documents.length > 1) await countLeads(services, proven.key, documents.length - 1);
    const taken: Taken[] = [];
    for (const [i, document] of documents.entries()) {
      const announced = announcedLead(proven.source, document);
      // If one of several is refused, all of them are taken again later.
      const payloadId = documents.length === 1 ? undefined : `${proven.payloadId}/${i}`;
      taken.push(
        announced === undefined
          ? await takeDocument(
              { context, cache },
              { ...proven, payloadId },
              { document, isForm: read.isForm },
            )
          : await announce(proven, announced),
      );
    }
    if (taken.some(({ status }) => status === 'due')) due.wake();
    return taken;
  }

  /** The lead is read from the platform later: what is stored here is not lost, and the platform need not wait. */
  async function announce({ source, key, receivedAt }: ProvenPayload, id: string): Promise<Taken> {
    await storePayload(context.database, {
      seller: source.seller,
      source: source.name,
      key: key._id,
      test: key.test,
      state: 'due',
      reason: 'to be read from the platform',
      payload: { announced: id, body: Buffer.alloc(0) },
      now: receivedAt,
    });
    return { status: 'due' };
  }

  /** @see https://developers.facebook.com/docs/graph-api/webhooks/getting-started and LinkedIn's "Webhook validation" */
  async function answerChallenge(
    { source }: AddressedSource,
    query: URLSearchParams,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { challenge } = source.inbound;
    if (challenge === undefined)
      throw new HttpError('wrongMethod', 'Send the lead as a POST, with its fields in the body.', {
        headers: { allow: 'POST' },
      });
    if (challenge.kind === 'get200') return reply.code(200).send({ success: true });
    const secret = await secretOf(challenge.secret, sources.secret).catch((error: unknown) => {
      throw error instanceof SecretUnset ? secretUnset(services, source, error) : error;
    });
    if (challenge.kind === 'linkedin') {
      const challengeCode = query.get('challengeCode') ?? '';
      // Signing anything else would let a stranger sign requests of his own.
      if (!/^[\w-]{1,100}$/.test(challengeCode)) throw invalidRequest('Send a challengeCode.');
      const challengeResponse = createHmac('sha256', secret).update(challengeCode).digest('hex');
      return reply.code(200).send({ challengeCode, challengeResponse });
    }
    const isRight =
      query.get('hub.mode') === 'subscribe' && equal(query.get('hub.verify_token') ?? '', secret);
    if (!isRight) return reply.code(403).send({ success: false, error: 'Wrong verify token' });
    // Plain text, so that a browser never runs what a stranger puts there.
    return reply
      .code(200)
      .type('text/plain; charset=utf-8')
      .send((query.get('hub.challenge') ?? '').slice(0, 200));
  }
}

/** The address as the sender knows it: some sign it. */
function uriOf({ settings }: LeadApiContext, request: FastifyRequest): string {
  const origin = settings.PUBLIC_URL ?? `${request.protocol}://${request.headers.host ?? ''}`;
  return origin.replace(/\/$/, '') + request.url;
}

/** The body, or why it can't be read: a request that can't be proven is refused for that, and for nothing else. */
async function readOrRefusal(
  raw: Buffer,
  contentType: string | undefined,
  { source }: AddressedSource,
): Promise<ReadPayload | OperationError> {
  try {
    return await readPayload(raw, contentType, source.inbound);
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}

const refusedBody = ({ message }: OperationError): Taken => ({ status: 'refused', message, isTest: false });

/** One lead is answered as the Lead API answers it, several as a list. */
function answer(reply: FastifyReply, { source }: AddressedSource, taken: readonly Taken[]): FastifyReply {
  const { taken: takenStatus = 200, refused: refusedStatus = 200, redirect } = source.inbound.answer ?? {};
  const isRefused = taken.some((one) => one.status === 'refused' && !one.isTest);
  if (redirect !== undefined && !isRefused) return reply.redirect(redirect, 303);
  const views = taken.map(viewOf);
  const [only] = views;
  return reply
    .code(isRefused ? refusedStatus : takenStatus)
    .send(views.length === 1 ? only : { success: !isRefused, leads: views });
}

function viewOf(taken: Taken): object {
  switch (taken.status) {
    case 'taken':
      return { success: true, lead_id: taken.leadId, status: 'pending' };
    case 'repeated':
      return { success: true, lead_id: taken.leadId || undefined, repeated: true };
    case 'due':
      return { success: true, status: 'pending' };
    case 'refused':
      return { success: false, error: 'Not a lead', message: taken.message, fields: taken.fields };
  }
}
