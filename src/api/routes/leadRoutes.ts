import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { SANDBOX } from '../../market/model/sandbox.js';
import { findLeadSummary, type LeadSummary } from '../../store/leads/leads.js';
import { OperationError } from '../../operations/operationError.js';
import { isForm, readForm } from '../http/body.js';
import type { Entries } from '../../operations/body/entries.js';
import { mergeFields } from '../leads/mergeFields.js';
import { readIdempotencyKey } from '../leads/idempotency.js';
import { leadView } from '../leads/leadAnswer.js';
import type { LeadRouteContext } from '../leads/leadIntake.js';
import { auth, keyOf, sellerKeyOf, sellerOf } from '../plugins/auth.js';
import { rateLimitHooks } from '../plugins/rateLimit.js';
import { readPrefer } from '../http/prefer.js';
import { queryOf } from '../http/requestTarget.js';
import { errorResponses, httpErrorResponses, leadHeaders } from '../schemas.js';
import { withdrawLead } from '../../operations/leads/withdrawLead.js';

const security = [{ key: [] }];

const post = {
  operationId: 'sendLead',
  summary: 'Send a lead',
  description: [
    'With a test key, these ZIP codes force an outcome or an error, and no buyer is contacted:',
    ...Object.entries(SANDBOX).map(([zip, { about }]) => `- \`${zip}\`: ${about}`),
  ].join('\n'),
  tags: ['Leads'],
  security,
  consumes: ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'],
  headers: leadHeaders,
  body: Type.Ref('LeadRequest'),
  response: {
    200: Type.Ref('LeadAnswer', {
      description:
        'The lead was accepted: `sold`, `pending`, or `withdrawn` if the person is on a suppression list',
    }),
    ...errorResponses(
      ...([
        'missingField',
        'noCampaign',
        'invalidField',
        'invalidRequest',
        'invalidKey',
        'inProgress',
      ] as const),
      ...(['tooLarge', 'wrongType', 'keyReused', 'rateLimited', 'internal', 'unavailable'] as const),
      ...(['invalidPing', 'pingOver'] as const),
    ),
    ...httpErrorResponses,
  },
};

const get = {
  operationId: 'showLead',
  summary: 'Show the status of a lead',
  description: 'A live key can read every lead of its seller, a test key only test leads.',
  tags: ['Leads'],
  security,
  params: Type.Object({ lead_id: Type.String({ description: 'From the response to the lead' }) }),
  response: {
    200: Type.Ref('LeadView', { description: 'The current status of the lead' }),
    ...errorResponses('invalidRequest', 'invalidKey', 'notFound', 'rateLimited', 'internal', 'unavailable'),
  },
};

const withdraw = {
  operationId: 'withdrawLead',
  summary: 'Withdraw a lead from sale',
  description: 'Takes the lead off sale permanently. After the answer, no further buyer gets it.',
  tags: ['Leads'],
  security,
  params: get.params,
  response: {
    200: Type.Ref('LeadView', {
      description:
        'The new status: `withdrawn`, `sold` if a buyer bought it, or `pending` with `withdrawing`',
    }),
    ...errorResponses('invalidRequest', 'invalidKey', 'notFound', 'tooLarge', 'wrongType'),
    ...errorResponses('rateLimited', 'internal', 'unavailable'),
  },
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export async function leadRoutes(
  app: FastifyInstance,
  { context, cache, limits, takeLead }: LeadRouteContext,
): Promise<void> {
  const { settings, database } = context;
  const rate = rateLimitHooks(limits, settings.RATE_LIMIT_PER_MINUTE, 'leads');
  const failuresPerMinute = settings.RATE_LIMIT_PER_MINUTE;
  await app.register(auth, { cache, limits, failuresPerMinute, of: 'seller' });

  app.post<{ Body: Entries | undefined }>(
    '/api/leads',
    { schema: post, onRequest: rate.limitWrites },
    async (request, reply) => {
      const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
      const wait = readPrefer(request.headers.prefer, settings.ANSWER_WINDOW_MS);
      const given = mergeFields({
        query: readForm(queryOf(request.url)),
        body: request.body ?? [],
        bodyIsForm: isForm(request.headers['content-type']),
      });
      const key = sellerKeyOf(request);
      const { answerWithinMs } = wait;
      const { answer, isReplayed } = await takeLead({ key, given, idempotencyKey, answerWithinMs });
      if (isReplayed) reply.header('idempotent-replayed', 'true');
      else if (wait.applied !== undefined) reply.header('preference-applied', wait.applied);
      return answer;
    },
  );

  app.get<{ Params: { lead_id: string } }>(
    '/api/leads/:lead_id',
    { schema: get, onRequest: rate.limitReads },
    async (request) => leadView(await leadOf(request)),
  );

  app.post<{ Params: { lead_id: string } }>(
    '/api/leads/:lead_id/withdraw',
    { schema: withdraw, onRequest: rate.limitReads },
    async (request) => {
      const lead = await withdrawLead(database, await leadOf(request), {
        by: `${keyOf(request).source} (source)`,
        asked: 'seller',
        notify: (leadId) => context.starter.notifyWithdrawn(leadId),
      });
      return leadView(lead);
    },
  );

  /** The lead of the path, if it belongs to the key’s seller. A test key finds only test leads. */
  async function leadOf(request: FastifyRequest<{ Params: { lead_id: string } }>): Promise<LeadSummary> {
    const id = request.params.lead_id.toLowerCase();
    const lead = UUID.test(id) ? await findLeadSummary(database, id) : null;
    const isTestKey = keyOf(request).test;
    if (lead?.seller === sellerOf(request) && (lead.test || !isTestKey)) return lead;
    throw new OperationError(
      'notFound',
      isTestKey
        ? 'The seller of this key has no test lead with this id. A test key reaches no live leads.'
        : 'The seller of this key has no lead with this id.',
    );
  }
}
