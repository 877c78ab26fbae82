import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { MAX_BATCH_BYTES, MAX_BATCH_LEADS, readBatch, readLine, type BatchLine } from '../leads/batch.js';
import { readIdempotencyKey } from '../leads/idempotency.js';
import type { LeadRouteContext } from '../leads/leadIntake.js';
import { mergeFields } from '../leads/mergeFields.js';
import { OperationError } from '../../operations/operationError.js';
import { errorBody } from '../errorTable.js';
import { readForm } from '../http/body.js';
import { statusOf } from '../http/httpError.js';
import { inCompletionOrder } from '../http/inCompletionOrder.js';
import { readPrefer } from '../http/prefer.js';
import { queryOf } from '../http/requestTarget.js';
import { unsupportedType } from '../../operations/body/unsupportedType.js';
import { auth, keyOf, sellerKeyOf } from '../plugins/auth.js';
import { refuseCompressed } from '../plugins/bodyParsers.js';
import { explain, sendError, type ErrorMessages } from '../plugins/errorHandler.js';
import { rateLimitHooks } from '../plugins/rateLimit.js';
import { errorResponses, httpErrorResponses, leadHeaders, type BatchResult } from '../schemas.js';

const NDJSON = 'application/x-ndjson';

/** Leads of one batch that are on sale at the same time: the others wait in the body. */
const CONCURRENT_LEADS = 16;
/** Batches of one key in one process at the same time: each holds up to 8 MiB. */
const CONCURRENT_BATCHES = 2;

const post = {
  operationId: 'sendLeads',
  summary: `Send up to ${MAX_BATCH_LEADS} leads`,
  description: 'The answer has a line for each lead, in the order in which they get their results.',
  tags: ['Leads'],
  security: [{ key: [] }],
  consumes: [NDJSON],
  headers: leadHeaders,
  body: Type.String({
    description:
      'One lead a line, each a JSON object as for a single lead. `idempotency_key` in a line is not a field of the lead',
    examples: ['{"seller":"ACME1234","category":"Auto Insurance","lastName":"Doe"}\n'],
  }),
  response: {
    200: {
      description:
        'One line of JSON for each lead, as soon as it has its answer, with the number of its line',
      content: { [NDJSON]: { schema: Type.Ref('BatchResult') } },
    },
    ...errorResponses('invalidRequest', 'invalidKey', 'tooLarge', 'wrongType'),
    ...errorResponses('rateLimited', 'internal', 'unavailable'),
    ...httpErrorResponses,
  },
};

type Result = Static<typeof BatchResult>;

interface BatchContext extends LeadRouteContext {
  wording: ErrorMessages;
}

/** Leads by the thousand, for sources that collect them first. */
export async function batchRoutes(app: FastifyInstance, options: BatchContext): Promise<void> {
  const { context, cache, limits, takeLead } = options;
  const { settings, log } = context;
  const wording = {
    ...options.wording,
    tooLarge: 'The batch is over 8 MiB. Nothing was accepted; send it in several.',
  };
  const rate = rateLimitHooks(limits, settings.RATE_LIMIT_PER_MINUTE, 'leads');
  const failuresPerMinute = settings.RATE_LIMIT_PER_MINUTE;
  await app.register(auth, { cache, limits, failuresPerMinute, of: 'seller' });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, { log, wording }));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    NDJSON,
    { parseAs: 'buffer', bodyLimit: MAX_BATCH_BYTES },
    async (request: FastifyRequest, body: Buffer) => {
      refuseCompressed(request);
      return body;
    },
  );
  app.addContentTypeParser('*', (_request, _payload, done) =>
    done(unsupportedType(`Send one JSON object a line, with the header "Content-Type: ${NDJSON}".`)),
  );

  const inProgress = new Map<string, number>();
  const limitBatches = async (
    request: FastifyRequest,
    reply: { raw: NodeJS.EventEmitter },
  ): Promise<void> => {
    // Every plugin waits for its end, and so do Fastify and the stream: more than the 10 that Node takes for a leak.
    reply.raw.setMaxListeners(20);
    const key = keyOf(request)._id;
    const others = inProgress.get(key) ?? 0;
    if (others === CONCURRENT_BATCHES)
      throw new OperationError(
        'rateLimited',
        `This key has ${others} batches in progress. Send the next when one of them is answered.`,
        { retryAfterS: 1 },
      );
    inProgress.set(key, others + 1);
    reply.raw.once('close', () => {
      const left = (inProgress.get(key) ?? 1) - 1;
      if (left === 0) inProgress.delete(key);
      else inProgress.set(key, left);
    });
  };

  app.post<{ Body: Buffer | undefined }>(
    '/api/leads/batch',
    { schema: post, onRequest: [rate.limitWrites, limitBatches] },
    async (request, reply) => {
      const isStopping = (): boolean => context.isStopping?.() === true;
      if (isStopping()) throw stopping();
      const requestKey = readIdempotencyKey(request.headers['idempotency-key']);
      const { answerWithinMs, applied } = readPrefer(request.headers.prefer, settings.ANSWER_WINDOW_MS);
      const query = readForm(queryOf(request.url));
      const lines = readBatch(request.body ?? Buffer.alloc(0));
      const key = sellerKeyOf(request);

      async function resultOf(line: BatchLine): Promise<Result> {
        try {
          // The request itself was counted as its first lead.
          if (line !== lines[0]) await rate.countWrite(request);
          if (isStopping()) throw stopping();
          const { body, idempotencyKey } = readLine(line, requestKey);
          const given = mergeFields({ query, body });
          const { answer, isReplayed } = await takeLead({ key, given, idempotencyKey, answerWithinMs });
          return { line: line.number, code: 200, replayed: isReplayed ? true : undefined, answer };
        } catch (error) {
          const explained = explain(error, request.id, { log, wording });
          return {
            line: line.number,
            code: statusOf(explained),
            retry_after: explained.details.retryAfterS,
            answer: errorBody(explained, request.id),
          };
        }
      }

      async function* answers(): AsyncGenerator<string> {
        for await (const result of inCompletionOrder(lines, CONCURRENT_LEADS, resultOf))
          yield `${JSON.stringify(result)}\n`;
      }

      if (applied !== undefined) reply.header('preference-applied', applied);
      return reply.type(NDJSON).send(Readable.from(answers()));
    },
  );
}

const stopping = (): OperationError =>
  new OperationError('unavailable', 'This process is shutting down. Send the lead again.', {
    retryAfterS: 1,
  });
