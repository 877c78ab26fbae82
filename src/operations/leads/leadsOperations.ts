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
import { invalidField, notFound, type OperationError } from '../operationError.js';
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
  title: `a lead status (${LEAD_STATUSES.join(', ')})`,
  examples: ['pending'],
});

const Source = Type.String({ description: 'The source: the name in its key, or the key’s id' });

const Listed = Type.Object({
  lead_id: Type.String(),
  received_at: Type.String(),
  seller: Type.String(),
  source: Source,
  category: Type.String(),
  state: optional(Type.String()),
  status: Status,
  reason: optional(Type.String()),
  price: optional(Type.Number({ description: 'The seller’s earnings' })),
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
        until: Type.String({ description: 'When the post is cancelled without a decision' }),
      }),
      { description: 'Posts held for ops; absent if there are none' },
    ),
  ),
});
export type LeadRow = Type.Static<typeof Listed>;

/** Limit of leads that a search by a buyer's reason reads, which takes some seconds. */
const MAX_SEARCHED = 5000;

const Page = Type.Object(
  {
    leads: Type.Array(Listed),
    more: Type.Boolean({ description: 'Whether there may be older leads' }),
    searched_to: optional(
      Type.String({
        description: `With \`buyer\` and \`reason\`: the last of at most ${MAX_SEARCHED} leads searched; send it as \`before\` to continue`,
      }),
    ),
  },
  { $id: 'LeadPage', title: 'Leads, newest first' },
);

export const ALL_REASONS = [...new Set([...REASONS, ...LEAD_REASONS])];

export type LeadPage = Type.Static<typeof Page>;

const which = {
  status: optional(Status),
  held: optional(Flag('Only leads with a post held for ops')),
  seller: optional(SellerName),
  campaign: optional(CampaignId),
  buyer: optional({
    ...BuyerName,
    description: 'Only leads that this buyer bought; with `reason`, see there',
  }),
  reason: optional(
    Type.Enum(ALL_REASONS, {
      type: 'string',
      title: `a reason (${ALL_REASONS.join(', ')})`,
      examples: ['no_bid'],
      description:
        'Only leads with this reason; with `buyer`, only leads whose last round had this reason for the buyer',
    }),
  ),
  since: optional(DateOrTime('Start of the period in which leads were received')),
  before: optional(
    Type.String({ title: 'a lead_id', maxLength: 64, description: 'Only older leads than this one' }),
  ),
  limit: optional(Limit),
};

export const findLeads = operation({
  id: 'listLeads',
  summary: 'List leads, newest first; personal data are not shown',
  tag,
  route: 'GET /admin/leads',
  scope: 'leads:read',
  input: which,
  output: Page,
  failures: ['notFound'],
  run: ({ database }, query) => page(database, query),
});

export const findLeadsOfPerson = operation({
  id: 'findLeadsOfPerson',
  summary: 'List leads of a person by phone or e-mail, or both; personal data are not shown',
  tag,
  route: 'POST /admin/leads/search',
  scope: 'leads:read',
  input: {
    phone: optional(Contact('A phone number')),
    email: optional(Contact('An e-mail address')),
    ...which,
  },
  output: Page,
  failures: ['notFound'],
  run: async ({ database }, { phone, email, ...query }) =>
    page(database, { ...query, match: await matchOfContact(database, { phone, email }) }),
});

async function page(
  database: OperationContext['database'],
  {
    since,
    limit = 50,
    reason: named,
    ...rest
  }: Type.Static<Type.TObject<typeof which>> & Pick<LeadQuery, 'match'>,
): Promise<Type.Static<typeof Page>> {
  const { seller, campaign, buyer } = await resolveIds(database, rest);
  const { match, status, held, before } = rest;
  const from = since === undefined ? undefined : dateOf(since);
  const query: LeadQuery = { match, status, held, before, seller, campaign, since: from };
  if (buyer !== undefined && named !== undefined) {
    const outcome = { buyer, reason: oneOf(REASONS, named, 'of a buyer') };
    const found = await listByOutcome(database, query, outcome, { limit, mostRead: MAX_SEARCHED });
    const { leads, searchedTo } = found;
    return { leads: leads.map(listed), more: searchedTo !== undefined, searched_to: searchedTo };
  }
  const reason = named === undefined ? undefined : oneOf(LEAD_REASONS, named, 'of a lead');
  // Reads one more to know whether there are more.
  const found = await listLeads(database, { ...query, reason, boughtBy: buyer }, limit + 1);
  return { leads: found.slice(0, limit).map(listed), more: found.length > limit };
}

/** @throws OperationError if the reason is of the other kind */
function oneOf<Of extends string>(reasons: readonly Of[], named: string, whose: string): Of {
  const reason = reasons.find((one) => one === named);
  if (reason !== undefined) return reason;
  const hint = whose === 'of a lead' ? '. To search by a reason of a buyer, add `buyer`.' : '.';
  throw invalidField(`"${named}" is not a reason ${whose}. Use one of ${reasons.join(', ')}${hint}`);
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
      key: Type.String({ description: 'The id of its key' }),
      source: Source,
      received_at: Type.String(),
      updated_at: Type.String(),
      ended_at: optional(
        Type.String({
          description:
            'When it was sold, returned, expired or withdrawn; absent while it is on sale, and if an earlier release ended it',
        }),
      ),
      currency: Type.String(),
      rounds: parts(
        'Rounds: the version of the market, the time of planning, checks and decision, and for each contract bid, outcome, times and the full limit with its figures; at most the first 5 and the last 45',
      ),
      rounds_left_out: optional(Type.Integer({ description: 'Number of rounds not shown' })),
      posts: parts('Posts to buyers: outcome, and each attempt with its times and answer; the latest 100'),
      sales: parts('Buyers and prices'),
      ledger: parts('Bookings'),
      notifications: parts('Each attempt to notify the seller or a buyer; the latest 100'),
      fields: Type.Record(Type.String(), OneOrSeveral, { description: 'Fields by name, masked' }),
      notes: Type.Record(Type.String(), Type.String(), { description: 'How values were read, by field' }),
      unread: Type.Array(Type.String(), { description: 'Fields with unreadable values' }),
      workflow: Type.String({ description: 'The id of its Temporal workflow' }),
    },
    { $id: 'LeadDetails', title: 'A lead with its history', additionalProperties: true },
  ),
);

const named = { lead_id: LeadId };

export const noLead = (id: string): OperationError =>
  notFound(`There is no lead "${id}". Use the lead_id of the response to the lead.`);

export const showLead = operation({
  id: 'showLead',
  summary: 'Show a lead with rounds, bids, posts, sales, bookings and what it waits for',
  tag,
  route: 'GET /admin/leads/:lead_id',
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
  summary: 'Show the personal data of a lead; the audit records it',
  tag,
  route: 'GET /admin/leads/:lead_id/person',
  scope: 'persons:read',
  input: named,
  output: Type.Object(
    {
      lead_id: Type.String(),
      fields: Type.Record(Type.String(), OneOrSeveral, {
        description: 'Normalised values by name; unreadable ones as sent',
      }),
      sent: optional(
        Type.Record(Type.String(), OneOrSeveral, {
          description: 'Values as sent, by name, if they differ',
        }),
      ),
    },
    { $id: 'Person', title: 'Personal data of a lead; without fields if erased' },
  ),
  failures: ['notFound'],
  async run({ database, by }, { lead_id: id }) {
    const lead = await findLead(database, id);
    if (lead === null) throw noLead(id);
    await recordAuditEvent(database, by, { kind: 'lead', id, did: 'person shown', values: [] });
    return { lead_id: id, fields: lead.fields, sent: lead.sent };
  },
});

export const statusProperties = {
  status: Type.Enum(['sold', 'pending', 'returned', 'expired', 'withdrawn'], { type: 'string' }),
  ...outcomeProperties,
  updated_at: Type.String(),
};

export const withdrawLeadOperation = operation({
  id: 'withdrawLead',
  summary: 'Withdraw a lead from sale permanently; a sold lead stays sold',
  tag,
  route: 'POST /admin/leads/:lead_id/withdraw',
  scope: 'leads:write',
  input: named,
  output: Type.Object(
    { lead_id: Type.String(), ...statusProperties },
    { $id: 'LeadStanding', title: 'The status of a lead' },
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
      const values = [{ path: 'status', from: found.status, to: stateOf(lead) }];
      await recordAuditEvent(database, by, { kind: 'lead', id, did: 'withdrawal asked for', values });
    }
    return { lead_id: id, ...statusView(lead), updated_at: lead.updatedAt.toISOString() };
  },
});

/** Limit of erasures per request: each may wait for its lead's workflow. */
export const MAX_ERASED = 100;

const ErasedLead = Type.Object({
  lead_id: Type.String(),
  outcome: Type.Enum(['erased', 'already', 'unsettled', 'unknown'], { type: 'string' }),
  erased_at: optional(Type.String()),
  by: optional(Type.String()),
  sha256: optional(Type.String({ description: 'Hash of the erased data, as they were encrypted' })),
});
export type LeadErasedView = Type.Static<typeof ErasedLead>;

export const eraseLeads = operation({
  id: 'eraseLeads',
  summary: 'Permanently erase personal data of leads; ledger and erasure record are kept',
  tag,
  route: 'POST /admin/leads/erase',
  scope: 'leads:write',
  input: {
    lead_ids: Type.Array(LeadId, { title: 'a list of lead_ids', minItems: 1, maxItems: MAX_ERASED }),
    by: optional(
      Type.String({
        title: 'a name (1 to 100 characters)',
        examples: ['Dana'],
        minLength: 1,
        maxLength: 100,
        description: 'Who erased them, for the erasure record; by default the key’s name',
      }),
    ),
  },
  output: Type.Object(
    { leads: Type.Array(ErasedLead) },
    {
      $id: 'LeadsErased',
      title: 'The outcome for each lead; retry unsettled leads, which wait for a buyer’s answer',
    },
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
  erased_at: Type.String({ description: 'Send that of the last one as `since` to get the next page' }),
  by: Type.String(),
  sha256: optional(Type.String({ description: 'Hash of the erased data, as they were encrypted' })),
});
export type ErasureView = Type.Static<typeof ErasureView>;

export const showErasures = operation({
  id: 'listErasures',
  summary: 'List erasures since a time, oldest first; they contain no personal data',
  tag,
  route: 'GET /admin/erasures',
  scope: 'leads:read',
  input: { since: optional(DateOrTime('Erased at this time or later')), limit: optional(Limit) },
  output: Type.Object(
    {
      erasures: Type.Array(ErasureView),
      more: Type.Boolean({ description: 'Whether there are later erasures' }),
    },
    { $id: 'ErasurePage', title: 'Erasures, oldest first' },
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
