import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import Type from 'typebox';
import { v7 } from 'uuid';
import { toDecimal } from '../../market/money.js';
import type { LeadDocument, PingDocument } from '../../store/documents.js';
import { abandonPing, findPing, insertPing } from '../../store/sales/pings.js';
import type { LeadApiContext, RouteContext } from '../context.js';
import { isForm, readForm } from '../http/body.js';
import type { Entries } from '../../operations/body/entries.js';
import { queryOf } from '../http/requestTarget.js';
import { mergeFields } from '../leads/mergeFields.js';
import { signPing } from '../leads/pingId.js';
import { readPingRequest } from '../leads/readRequest.js';
import { auth, sellerKeyOf } from '../plugins/auth.js';
import { rateLimitHooks } from '../plugins/rateLimit.js';
import { errorResponses, httpErrorResponses, type PingAnswer } from '../schemas.js';

const post = {
  operationId: 'pingLead',
  summary: 'Ask what a lead would earn',
  description:
    'Buyers are asked as for a lead, but learn nothing of the person. The price is promised for a minute.',
  tags: ['Leads'],
  security: [{ key: [] }],
  consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
  body: Type.Ref('PingRequest'),
  response: {
    200: Type.Ref('PingAnswer', { description: 'The best price, or why there is none' }),
    ...errorResponses('missingField', 'noCampaign', 'invalidField', 'invalidRequest', 'invalidKey'),
    ...errorResponses('tooLarge', 'wrongType', 'rateLimited', 'internal', 'unavailable'),
    ...httpErrorResponses,
  },
};

/** Asks for the price of a lead before its person is sent. */
export async function pingRoutes(
  app: FastifyInstance,
  { context, cache, limits }: RouteContext<LeadApiContext>,
): Promise<void> {
  const { settings, database, starter, answers } = context;
  const rate = rateLimitHooks(limits, settings.RATE_LIMIT_PER_MINUTE, 'pings');
  const failuresPerMinute = settings.RATE_LIMIT_PER_MINUTE;
  await app.register(auth, { cache, limits, failuresPerMinute, of: 'seller' });

  app.post<{ Body: Entries | undefined }>(
    '/api/pings',
    { schema: post, onRequest: rate.limitWrites },
    async (request): Promise<Static<typeof PingAnswer>> => {
      const receivedAt = new Date();
      const key = sellerKeyOf(request);
      const given = mergeFields({
        query: readForm(queryOf(request.url)),
        body: request.body ?? [],
        bodyIsForm: isForm(request.headers['content-type']),
      });
      const { campaign, reading } = await readPingRequest(cache, key, given);
      const { seller, source, test } = key;
      const lead: LeadDocument = {
        _id: v7(),
        seller,
        campaign: campaign.id,
        category: campaign.category,
        key: key._id,
        source,
        test,
        status: 'received',
        receivedAt,
        updatedAt: receivedAt,
        ...reading.lead,
        match: {},
        rounds: {},
        claims: {},
        claimed: 0,
        currency: campaign.currency,
      };
      const pingId = lead._id;
      await insertPing(database, lead);
      const answerBy = receivedAt.getTime() + settings.ANSWER_WINDOW_MS;
      const answered = answers.waitFor(pingId, answerBy);
      starter.startPing({
        pingId,
        seller,
        category: campaign.category,
        test,
        answerBy,
        answerTo: answers.id,
      });
      await answered;
      const warnings = reading.warnings.length > 0 ? reading.warnings : undefined;
      const ping = (await abandonPing(database, pingId)) ? null : await findPing(database, pingId);
      return { ...(await answerOf(ping)), warnings };
    },
  );

  async function answerOf(ping: PingDocument | null): Promise<Static<typeof PingAnswer>> {
    const { promise, expiresAt, lead, reason = 'no_bid' } = ping ?? {};
    if (lead === undefined || promise === undefined || expiresAt === undefined)
      return { success: true, status: 'no_price', reason };
    const { _id: id, seller, campaign, test, currency } = lead;
    return {
      success: true,
      status: 'promised',
      ping_id: await signPing(database, { id, expiresAt: expiresAt.getTime() }, { seller, campaign, test }),
      price: toDecimal(promise.price, currency),
      expires_at: expiresAt.toISOString(),
    };
  }
}
