import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { toDecimal } from '../../market/money.js';
import type { ReturnDocument } from '../../store/documents.js';
import type { Entries } from '../../operations/body/entries.js';
import { mergeFields } from '../leads/mergeFields.js';
import type { RouteContext } from '../context.js';
import { auth, buyerOf } from '../plugins/auth.js';
import { rateLimitHooks } from '../plugins/rateLimit.js';
import { errorResponses, type ReturnAnswer } from '../schemas.js';
import { acceptReturn } from '../../operations/leads/acceptReturn.js';

const post = {
  operationId: 'returnLead',
  summary: 'Return a lead',
  tags: ['Returns'],
  security: [{ buyerKey: [] }],
  consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
  body: Type.Ref('ReturnRequest'),
  response: {
    200: Type.Ref('ReturnAnswer', { description: 'The lead is returned, by this request or an earlier one' }),
    ...errorResponses(
      'missingField',
      'invalidField',
      'invalidRequest',
      'invalidKey',
      'noReturns',
      'notFound',
    ),
    ...errorResponses('returnTooLate', 'tooLarge', 'wrongType', 'rateLimited', 'internal', 'unavailable'),
  },
};

/** Routes for buyers. */
export async function buyerRoutes(
  app: FastifyInstance,
  { context, cache, limits }: RouteContext,
): Promise<void> {
  const { settings, database, starter } = context;
  const rate = rateLimitHooks(limits, settings.RATE_LIMIT_PER_MINUTE, 'returns');
  const failuresPerMinute = settings.RATE_LIMIT_PER_MINUTE;
  await app.register(auth, { cache, limits, failuresPerMinute, of: 'buyer' });

  app.post<{ Body: Entries | undefined }>(
    '/api/buyers/returns',
    { schema: post, onRequest: rate.limitWrites },
    async (request) =>
      returnAnswer(
        await acceptReturn(
          database,
          {
            buyer: buyerOf(request),
            given: mergeFields({ query: [], body: request.body ?? [] }),
            receivedAt: new Date(),
          },
          async (lead) => starter.start(lead),
        ),
      ),
  );
}

const returnAnswer = ({
  _id,
  lead,
  reason,
  refund,
  currency,
  at,
  test,
}: ReturnDocument & { test: boolean }): Static<typeof ReturnAnswer> => ({
  success: true,
  post_id: _id,
  lead_id: lead,
  status: 'returned',
  reason,
  // Tests move no money.
  refund: toDecimal(test ? 0 : refund, currency),
  currency,
  returned_at: at.toISOString(),
  test: test || undefined,
});
