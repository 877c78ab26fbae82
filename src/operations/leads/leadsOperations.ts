import Type from 'typebox';
import { ENDED, type LeadStatus } from '../../market/model/lead.js';
import { toDecimal } from '../../market/money.js';
import { LEAD_REASONS, REASONS } from '../../market/model/reason.js';
import { shownReason, statusView } from '../../market/model/statusView.js';
import { recordAuditEvent } from '../../store/audit.js';
import { eraseLead } from '../../store/persons/erase.js';
import { listErasures } from '../../store/persons/erasures.js';
import { heldPostsOf } from '../../store/leads/heldPosts.js';
import { findLead, findStoredLead } from '../../store/leads/leads.js';
import { listByOutcome, listLeads, type LeadQuery, type ListedLead } from '../../store/leads/listLeads.js';
import { ApiError } from '../refusal.js';
import { heldPostView, readLeadDetails, type LeadDetails } from './leadDetails.js';
import { stateOf } from '../../store/leads/withdrawals.js';
import { outcomeProperties } from './outcomeSchema.js';
import { withdrawLead } from './withdrawLead.js';
import {
  BuyerName,
  CampaignId,
  Contact,
  dateOf,
  Flag,
  LeadId,
  Limit,
  DateOrTime,
  SellerName,
} from '../inputs.js';
import { resolveIds } from '../findByName.js';
import { operation, type OperationContext } from '../operation.js';
import { matchOfContact } from '../personInput.js';

const optional = Type.Optional;
const tag = 'Leads';

export const LEAD_STATUSES = [
  'received',
  'pending',
  'sold',
  'returned',
  'expired',
  'withdrawn',
] as const satisfies readonly LeadStatus[];
const Status = Type.Enum([...LEAD_STATUSES], {
  type: 'string',
  title: `how a lead stands (${LEAD_STATUSES.join(', ')})`,
  examples: ['pending'],
});

const Source = Type.String({ description: 'Who sent it: the name of its key’s source, else the key’s id' });

const Listed = Type.Object({
  lead_id: Type.String(),
  received_at: Type.String(),
  seller: Type.String(),
  source: Source,
  category: Type.String(),
  state: optional(Type.String()),
  status: Status,
  reason: optional(Type.String()),
  price: optional(Type.Number({ description: 'What the seller earns' })),
  currency: Type.String(),
  buyer_ids: optional(Type.Array(Type.String())),
  test: Type.Boolean(),
  erased_at: optional(Type.String()),
  held: optional(
    Type.Array(
      Type.Object({
        buyer: Type.String(),
        post_id: Type.String(),
        since: Type.String(),
        until: Type.String({ description: 'When the post is called off unless ops have decided' }),
      }),
      { description: 'Posts that wait for the decision of ops; absent if there are none' },
    ),
  ),
});
export type LeadRow = Type.Static<typeof Listed>;

/** Most leads that one request for a buyer's reason reads: some seconds of work. */
const MOST_SEARCHED = 5000;

const Page = Type.Object(
  {
    leads: Type.Array(Listed),
    more: Type.Boolean({ description: 'Whether there are older ones, or may be' }),
    searched_to: optional(
      Type.String({
        description: `With \`buyer\` and \`reason\`: the last lead that was looked at, of ${MOST_SEARCHED} at the most; sent as \`before\` it goes on there`,
      }),
    ),
  },
  { $id: 'LeadPage', title: 'Leads, the newest first' },
);

/** Reasons of a contract, and of a lead. */
export const ALL_REASONS = [...new Set([...REASONS, ...LEAD_REASONS])];

export type LeadPage = Type.Static<typeof Page>;

const which = {
  status: optional(Status),
  held: optional(Flag('Only leads with a post that waits for the decision of ops')),
  seller: optional(SellerName),
  campaign: optional(CampaignId),
  buyer: optional({
    ...BuyerName,
    description: 'Only leads that this buyer has bought; with `reason`, see there',
  }),
  reason: optional(
    Type.Enum(ALL_REASONS, {
      type: 'string',
      title: `a reason (${ALL_REASONS.join(', ')})`,
      examples: ['no_bid'],
      description:
        'Only leads with this reason of their own; with `buyer`, only leads whose last round ended so for this buyer',
    }),
  ),
  since: optional(DateOrTime('Received since')),
  before: optional(
    Type.String({ title: 'a lead_id', maxLength: 64, description: 'Only older ones than this lead' }),
  ),
  limit: optional(Limit),
};

export const findLeads = operation({
  id: 'listLeads',
  summary: 'Leads, the newest first; never their persons',
  tag,
  method: 'GET',
  path: '/admin/leads',
  scope: 'leads:read',
  input: Type.Object(which, { title: 'the request' }),
  output: Page,
  failures: ['notFound'],
  run: ({ database }, query) => page(database, query),
});

export const findLeadsOfPerson = operation({
  id: 'findLeadsOfPerson',
  summary: 'The leads of a person, who is found by phone or e-mail (of both, by both) and not shown',
  tag,
  method: 'POST',
  path: '/admin/leads/search',
  scope: 'leads:read',
  input: Type.Object(
    { phone: optional(Contact('A phone number')), email: optional(Contact('An e-mail address')), ...which },
    { title: 'the request' },
  ),
  output: Page,
  failures: ['notFound'],
  run: async ({ database }, { phone, email, ...query }) =>
    page(database, { ...query, match: await matchOfContact(database, { phone, email }) }),
});

interface PageQuery extends Pick<LeadQuery, 'match' | 'status' | 'held' | 'before'> {
  seller?: string;
  campaign?: string;
  buyer?: string;
  reason?: (typeof ALL_REASONS)[number];
  since?: string;
  limit?: number;
}

async function page(
  database: OperationContext['database'],
  { since, limit = 50, reason: named, ...rest }: PageQuery,
): Promise<Type.Static<typeof Page>> {
  const { seller, campaign, buyer } = await resolveIds(database, rest);
  const { match, status, held, before } = rest;
  const from = since === undefined ? undefined : dateOf(since);
  const query: LeadQuery = { match, status, held, before, seller, campaign, since: from };
  if (buyer !== undefined && named !== undefined) {
    const outcome = { buyer, reason: oneOf(REASONS, named, 'of a buyer') };
    const found = await listByOutcome(database, query, outcome, { limit, mostRead: MOST_SEARCHED });
    const { leads, searchedTo } = found;
    return { leads: leads.map(listed), more: searchedTo !== undefined, searched_to: searchedTo };
  }
  const reason = named === undefined ? undefined : oneOf(LEAD_REASONS, named, 'of a lead');
  // One more than is shown tells whether there are more.
  const found = await listLeads(database, { ...query, reason, boughtBy: buyer }, limit + 1);
  return { leads: found.slice(0, limit).map(listed), more: found.length > limit };
}

/** @throws ApiError if the reason is not one of these, which are only some of all */
function oneOf<Of extends string>(reasons: readonly Of[], named: string, whose: string): Of {
  const reason = reasons.find((one) => one === named);
  if (reason !== undefined) return reason;
  const hint = whose === 'of a lead' ? '. With `buyer` it is the reason of this buyer.' : '.';
  throw new ApiError(
    'invalidField',
    `"${named}" is not a reason ${whose}; these are ${reasons.join(', ')}${hint}`,
  );
}

function listed(lead: ListedLead): LeadRow {
  const { _id, receivedAt, seller, source, category, state, status, price, currency, test, erased } = lead;
  const held = heldPostsOf(lead);
  return {
    lead_id: _id,
    received_at: receivedAt.toISOString(),
    seller,
    source,
    category,
    state,
    status,
    reason: shownReason(lead),
    price: price === undefined ? undefined : toDecimal(price, currency),
    currency,
    buyer_ids: lead.buyerIds,
    test,
    erased_at: erased?.at.toISOString(),
    held: held.length === 0 ? undefined : held.map(heldPostView),
  };
}

const OneOrSeveral = Type.Union([Type.String(), Type.Array(Type.String())]);

const parts = (description: string) =>
  Type.Array(Type.Object({}, { additionalProperties: true }), { description });

const Story = Type.Unsafe<LeadDetails>(
  Type.Object(
    {
      lead_id: Type.String(),
      status: Status,
      seller: Type.String(),
      campaign: Type.String(),
      category: Type.String(),
      key: Type.String({ description: 'The id of the key that it was sent with' }),
      source: Source,
      received_at: Type.String(),
      updated_at: Type.String(),
      currency: Type.String(),
      rounds: parts('Each round with each contract’s bid and outcome; of many the first 5 and the last 45'),
      rounds_left_out: optional(Type.Integer({ description: 'How many rounds are not shown' })),
      posts: parts('What buyers were sent, and how it ended'),
      sales: parts('Who bought it for how much'),
      ledger: parts('What was booked'),
      notifications: parts('Each attempt to notify the seller or a buyer; the latest 100'),
      fields: Type.Record(Type.String(), OneOrSeveral, { description: 'By name, masked' }),
      notes: Type.Record(Type.String(), Type.String(), { description: 'By field: how its value was read' }),
      unread: Type.Array(Type.String(), { description: 'Fields whose value could not be read' }),
      workflow: Type.String({ description: 'The id of its workflow in Temporal' }),
    },
    { $id: 'LeadDetails', title: 'A lead and everything that happened to it', additionalProperties: true },
  ),
);

const named = Type.Object({ lead_id: LeadId }, { title: 'the request' });

export const noLead = (id: string): ApiError =>
  new ApiError('notFound', `There is no lead "${id}"; its id is the lead_id of the answer.`);

export const showLead = operation({
  id: 'showLead',
  summary: 'The whole story of a lead: rounds, bids, posts, sales, books, what it waits for',
  tag,
  method: 'GET',
  path: '/admin/leads/:lead_id',
  scope: 'leads:read',
  input: named,
  output: Story,
  failures: ['notFound'],
  async run({ database, ui }, { lead_id: id }) {
    const story = await readLeadDetails(database, id, { personal: false, ui });
    if (story === undefined) throw noLead(id);
    return story;
  },
});

export const showPerson = operation({
  id: 'showPerson',
  summary: 'What a lead’s person wrote; that it was looked at is in the audit',
  tag,
  method: 'GET',
  path: '/admin/leads/:lead_id/person',
  scope: 'persons:read',
  input: named,
  output: Type.Object(
    {
      lead_id: Type.String(),
      fields: Type.Record(Type.String(), OneOrSeveral, {
        description: 'By name: its normal form, or what was sent if it could not be read',
      }),
      sent: optional(
        Type.Record(Type.String(), OneOrSeveral, {
          description: 'By name: what was sent, if the field’s value differs',
        }),
      ),
    },
    { $id: 'Person', title: 'A lead’s person; no fields where it was erased' },
  ),
  failures: ['notFound'],
  async run({ database, by }, { lead_id: id }) {
    const lead = await findLead(database, id);
    if (lead === null) throw noLead(id);
    await recordAuditEvent(database, by, { kind: 'lead', id, did: 'person shown', values: [] });
    return { lead_id: id, fields: lead.fields, sent: lead.sent };
  },
});

/** How a lead stands after something was done to it. */
export const statusProperties = {
  status: Type.Enum(['sold', 'pending', 'returned', 'expired', 'withdrawn'], { type: 'string' }),
  ...outcomeProperties,
  updated_at: Type.String(),
};

export const withdrawLeadOperation = operation({
  id: 'withdrawLead',
  summary: 'Take a lead off sale for good; one that is sold stays sold',
  tag,
  method: 'POST',
  path: '/admin/leads/:lead_id/withdraw',
  scope: 'leads:write',
  input: named,
  output: Type.Object(
    { lead_id: Type.String(), ...statusProperties },
    { $id: 'LeadStanding', title: 'How a lead stands' },
  ),
  failures: ['notFound'],
  async run(context, { lead_id: id }) {
    const { database, by } = context;
    const found = await findStoredLead(database, id);
    if (found === null) throw noLead(id);
    const lead = await withdrawLead(database, found, {
      by: `${by.who} (${by.via})`,
      asked: 'ops',
      notify: (leadId) => context.notifyWithdrawn(leadId),
    });
    if (!ENDED.includes(found.status)) {
      const asked = { path: 'status', from: found.status, to: stateOf(lead) };
      await recordAuditEvent(database, by, {
        kind: 'lead',
        id,
        did: 'withdrawal asked for',
        values: [asked],
      });
    }
    return { lead_id: id, ...statusView(lead), updated_at: lead.updatedAt.toISOString() };
  },
});

/** At most so many persons are erased by one request: each may wait for its lead's workflow. */
export const MAX_ERASED = 100;

const ErasedLead = Type.Object({
  lead_id: Type.String(),
  outcome: Type.Enum(['erased', 'already', 'held', 'unknown'], { type: 'string' }),
  erased_at: optional(Type.String()),
  by: optional(Type.String()),
  sha256: optional(Type.String({ description: 'Of what was there, encrypted as it was' })),
});
export type LeadErasedView = Type.Static<typeof ErasedLead>;

export const eraseLeads = operation({
  id: 'eraseLeads',
  summary: 'Destroy the persons’ data of leads for good; the books stay, and a proof of it',
  tag,
  method: 'POST',
  path: '/admin/leads/erase',
  scope: 'leads:write',
  input: Type.Object(
    {
      lead_ids: Type.Array(LeadId, { title: 'a list of lead_ids', minItems: 1, maxItems: MAX_ERASED }),
      by: optional(
        Type.String({
          title: 'a name (1 to 100 characters)',
          examples: ['Dana'],
          minLength: 1,
          maxLength: 100,
          description: 'Who the proof says has done it; the key’s name unless given',
        }),
      ),
    },
    { title: 'the request' },
  ),
  output: Type.Object(
    { leads: Type.Array(ErasedLead) },
    { $id: 'LeadsErased', title: 'What became of each lead; one that a buyer holds is to be tried again' },
  ),
  async run(context, { lead_ids: ids, by = context.by.who }) {
    const leads: LeadErasedView[] = [];
    for (const id of ids) {
      const erased = await eraseLead(context.database, id, {
        by,
        asked: context.by,
        withdrawn: (leadId) => context.notifyWithdrawn(leadId),
      });
      const erasure = 'erasure' in erased ? erased.erasure : undefined;
      leads.push({
        lead_id: id,
        outcome: erased.outcome,
        erased_at: erasure?.at.toISOString(),
        by: erasure?.by,
        sha256: erasure?.sha256,
      });
    }
    return { leads };
  },
});

const ErasureView = Type.Object({
  lead_id: Type.String(),
  erased_at: Type.String({ description: 'The page after this one begins with the last of them' }),
  by: Type.String(),
  sha256: optional(Type.String({ description: 'Of what was there, encrypted as it was' })),
});
export type ErasureView = Type.Static<typeof ErasureView>;

export const showErasures = operation({
  id: 'listErasures',
  summary: 'Which leads’ persons were erased since a time, in that order; it names leads and no persons',
  tag,
  method: 'GET',
  path: '/admin/erasures',
  scope: 'leads:read',
  input: Type.Object(
    { since: optional(DateOrTime('Erased at this time or later')), limit: optional(Limit) },
    { title: 'the request' },
  ),
  output: Type.Object(
    {
      erasures: Type.Array(ErasureView),
      more: Type.Boolean({ description: 'Whether there are later ones' }),
    },
    { $id: 'ErasurePage', title: 'Erasures, the oldest first' },
  ),
  async run({ database }, { since, limit = 50 }) {
    const from = since === undefined ? new Date(0) : dateOf(since);
    const found = await listErasures(database, from, limit + 1);
    return {
      erasures: found.slice(0, limit).map(({ lead, at, by, sha256 }) => ({
        lead_id: lead,
        erased_at: at.toISOString(),
        by,
        sha256,
      })),
      more: found.length > limit,
    };
  },
});
