import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isPaused } from '../../market/model/pause.js';
import { notFound } from '../../operations/operationError.js';
import { cached } from '../../store/cache.js';
import type { Database } from '../../store/db.js';
import { findByToken, isPublic } from '../../store/market/specs.js';
import { findAskedFields, findCampaignById, findSeller } from '../../store/market/storedTerms.js';
import { campaignId, categorySlug } from '../../market/model/market.js';
import type { LeadApiContext } from '../context.js';
import type { Guide } from '../docs/guide.js';
import type { OpenApi } from '../docs/openapi.js';
import type { Entries } from '../../operations/body/entries.js';
import { originOf } from '../http/origin.js';
import { wantsHtml } from '../http/prefer.js';
import type { SpecTerms } from '../specs/campaignFields.js';
import { specMarkdown } from '../specs/specMarkdown.js';
import { specOpenApi } from '../specs/specOpenApi.js';
import { endedPage, SCRIPT_SOURCE, specPage, type Tried } from '../specs/specPage.js';

interface Options {
  context: Pick<LeadApiContext, 'database' | 'settings'>;
  guide: Guide;
  document: () => OpenApi;
}

/** `access`: the token of a link, or the slug or code of a seller whose page is public. */
interface Named {
  Params: { access: string; category: string };
}

const NO_TEST_KEY = {
  status: 401,
  body: 'This form takes test keys only; they start with gvl_test_. Nothing was sent.',
};

/** A shared page. */
interface Opened {
  terms: SpecTerms;
  path: string;
  /** The base URL of the API. */
  origin: string;
}

/** The address of a page is a secret, unless it is public. */
const UNLISTED = { 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex' };

/** A token (src/store/market/specs.ts). */
const TOKEN = /^[\w-]{22}$/;

/** Test keys only: a lead that is sent by hand from a page is never billed. */
const TEST_KEY = /^gvl_test_[0-9A-Za-z]{1,64}$/;

/**
 * The page for developers of a campaign's sources: `/specs/ACCESS/CATEGORY`, as HTML, as Markdown and as OpenAPI. Without
 * access the answer is that of an unknown path.
 */
export async function specRoutes(app: FastifyInstance, { context, guide, document }: Options): Promise<void> {
  const { database, settings } = context;
  const termsOf = cached((path) => findTerms(database, path));
  const hidden = { schema: { hide: true } };

  async function open(request: FastifyRequest<Named>): Promise<Opened | undefined> {
    const { access, category } = request.params;
    const terms = await termsOf(`${access}/${category}`);
    return (
      terms && {
        terms,
        path: pathOf(request),
        origin: settings.PUBLIC_URL?.replace(/\/$/, '') ?? originOf(request),
      }
    );
  }

  const markdownOf = ({ terms, origin, path }: Opened): string =>
    specMarkdown(guide, {
      terms,
      origin,
      page: origin + path,
      leadsPerMinute: settings.RATE_LIMIT_PER_MINUTE,
      answerWindowMs: settings.ANSWER_WINDOW_MS,
    });

  async function sendPage(
    request: FastifyRequest<Named>,
    reply: FastifyReply,
    tried?: Tried,
  ): Promise<FastifyReply> {
    const opened = await open(request);
    if (opened === undefined) return refuse(request, reply);
    const { terms, path } = opened;
    const csp = String(reply.getHeader('content-security-policy')).replace(
      "form-action 'none'",
      `form-action 'self';script-src ${SCRIPT_SOURCE}`,
    );
    return reply
      .header('content-security-policy', csp)
      .headers(UNLISTED)
      .type('text/html; charset=utf-8')
      .send(specPage({ terms, markdown: markdownOf(opened), path, tried }));
  }

  app.get<Named>('/specs/:access/:category', hidden, async (request, reply) => sendPage(request, reply));

  app.get<Named>('/specs/:access/:category/spec.md', hidden, async (request, reply) => {
    const opened = await open(request);
    if (opened === undefined) return refuse(request, reply);
    return reply.type('text/markdown; charset=utf-8').send(markdownOf(opened));
  });

  app.get<Named>('/specs/:access/:category/openapi.json', hidden, async (request, reply) => {
    const opened = await open(request);
    if (opened === undefined) return refuse(request, reply);
    const { terms, origin, path } = opened;
    const page = origin + path;
    const own = specOpenApi(document(), { terms, origin, page, samples: guide.samples });
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(own));
  });

  /** The form's address, opened or reloaded in a browser. */
  app.get<Named>('/specs/:access/:category/try', hidden, async (request, reply) =>
    reply.redirect(`${pathOf(request)}#try-it`, 303),
  );

  app.post<Named & { Body: Entries | undefined }>(
    '/specs/:access/:category/try',
    hidden,
    async (request, reply) => {
      const opened = await open(request);
      if (opened === undefined) return refuse(request, reply);
      const { terms } = opened;
      // The page's form sends texts.
      const given = new Map(
        (request.body ?? []).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
      );
      const key = (given.get('key') ?? '').trim();
      given.delete('key');
      const testKey = TEST_KEY.test(key) ? key : undefined;
      const answer =
        testKey === undefined
          ? NO_TEST_KEY
          : await sendTestLead(request, testKey, { ...Object.fromEntries(given), ...addressing(terms) });
      return sendPage(request, reply, { ...answer, sent: given, testKey });
    },
  );

  /** Through the route of all leads, with its checks and limits. */
  async function sendTestLead(
    { ip }: FastifyRequest,
    key: string,
    lead: Record<string, string>,
  ): Promise<Pick<Tried, 'status' | 'body'>> {
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/api/leads',
      remoteAddress: ip,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      payload: JSON.stringify(lead),
    });
    return { status: statusCode, body: JSON.stringify(JSON.parse(body), null, 2) };
  }
}

const pathOf = ({ params: { access, category } }: FastifyRequest<Named>): string =>
  `/specs/${encodeURIComponent(access)}/${encodeURIComponent(category)}`;

/** @throws OperationError unless a browser opens the address */
function refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!wantsHtml(request)) throw notFound('This link does not exist, or has ended. Ask for a new one.');
  return reply.code(404).headers(UNLISTED).type('text/html; charset=utf-8').send(endedPage);
}

const addressing = ({ seller, campaign }: SpecTerms) => ({
  seller: seller.code,
  category: campaign.category,
});

/** The campaign behind `ACCESS/CATEGORY`; undefined if there is none, or its page is not shared. */
async function findTerms(database: Database, path: string): Promise<SpecTerms | undefined> {
  const [access = '', category = ''] = path.split('/');
  const byToken = TOKEN.test(access) ? await findByToken(database, access) : undefined;
  const id = byToken ?? (await publicCampaign(database, access, category));
  const campaign = id === undefined ? undefined : await findCampaignById(database, id);
  if (campaign === undefined || categorySlug(campaign.category) !== category) return undefined;
  const seller = await findSeller(database, campaign.seller);
  if (seller === undefined) return undefined;
  const isOpen = seller.active && campaign.active && !isPaused(campaign, Date.now());
  const [asked, contract] = await Promise.all([
    findAskedFields(database, campaign),
    database.contracts.findOne({ campaign: campaign.id }, { projection: { _id: 1 } }),
  ]);
  return { campaign, seller, asked, isOpen, hasBuyers: contract !== null };
}

async function publicCampaign(
  database: Database,
  named: string,
  category: string,
): Promise<string | undefined> {
  const seller = await findSeller(database, named);
  if (seller === undefined) return undefined;
  const id = campaignId(seller.code, category);
  return (await isPublic(database, id)) ? id : undefined;
}
