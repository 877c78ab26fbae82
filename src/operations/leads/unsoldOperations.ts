import Type from 'typebox';
import { REASONS, type Reason } from '../../market/model/reason.js';
import type { ContractReasons } from '../../market/wording/unsoldReasons.js';
import {
  contractsNow,
  countByStatus,
  unsoldReasons,
  type ContractNow,
} from '../../store/reports/unsoldLeads.js';
import { BuyerName, CampaignId, dateOf, LeadId, DateOrTime, SellerName } from '../inputs.js';
import { resolveIds } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;
const Count = Type.Integer({ minimum: 0 });

/** Limit of unsold leads read per request, which takes some seconds. */
const MAX_READ = 5000;

const OfReason = Type.Object({
  reason: Type.Unsafe<Reason>(Type.Enum([...REASONS], { type: 'string' })),
  asked: Type.Boolean({
    description: 'Whether the contract was asked in these rounds, or was excluded before',
  }),
  leads: Count,
  details: Type.Array(Type.Object({ detail: Type.String(), leads: Count }), {
    description:
      'The most frequent details. Details with a time are given only for bids rejected by a cap or budget',
  }),
});

const OfContract = Type.Object({
  contract: Type.String(),
  buyer: Type.String(),
  leads: Type.Integer({ minimum: 0, description: 'Number of last rounds with this contract' }),
  reasons: Type.Array(OfReason),
  now: Type.Object(
    {
      takes_leads: Type.Boolean(),
      reason: optional(Type.String()),
      detail: optional(Type.String({ description: 'If it takes leads and has a budget: the highest price' })),
      until: optional(Type.String({ description: 'When this ends, if known' })),
    },
    { description: 'The current state of the contract, regardless of the lead' },
  ),
});
export type ContractReasonsView = Type.Static<typeof OfContract>;

export const UnsoldReasons = Type.Object(
  {
    since: Type.String(),
    until: Type.String(),
    statuses: optional(
      Type.Record(Type.String(), Count, {
        description: 'Leads of the period by status, without tests; only in the first part',
      }),
    ),
    unsold: Type.Integer({ minimum: 0, description: 'Number of unsold leads in this part' }),
    under_way: Type.Integer({
      minimum: 0,
      description: 'Those with a post in progress, which have no reason yet',
    }),
    reasons: Type.Array(Type.Object({ reason: Type.String(), leads: Count }), {
      description: 'Reasons of the leads; `none` before the first round',
    }),
    contracts: Type.Array(OfContract),
    next: optional(
      Type.String({ description: 'Send as `after` to get the next part; absent in the last part' }),
    ),
  },
  { $id: 'UnsoldReasons', title: 'Why leads are unsold' },
);
export type UnsoldView = Type.Static<typeof UnsoldReasons>;

export const showUnsoldReasons = operation({
  id: 'unsoldReasons',
  summary:
    'Count why leads are unsold: the reasons of each contract in their last rounds, one part per request, until `next` is absent',
  tag: 'Leads',
  route: 'GET /admin/leads/reasons',
  scope: 'leads:read',
  input: {
    since: DateOrTime('Start of the period in which leads were received'),
    until: optional(DateOrTime('End of the period; by default now')),
    seller: optional(SellerName),
    campaign: optional(CampaignId),
    buyer: optional(BuyerName),
    after: optional({ ...LeadId, description: 'The `next` of the previous part' }),
  },
  output: UnsoldReasons,
  failures: ['notFound'],
  async run({ database }, { since, until, after, ...which }) {
    const now = new Date();
    const period = { since: dateOf(since), until: until === undefined ? now : dateOf(until) };
    const query = { ...period, ...(await resolveIds(database, which)) };
    const [part, statuses] = await Promise.all([
      unsoldReasons(database, query, { after, most: MAX_READ }),
      after === undefined ? countByStatus(database, query) : undefined,
    ]);
    const stand = await contractsNow(
      database,
      part.contracts.map(({ contract }) => contract),
      now.getTime(),
    );
    return {
      since: period.since.toISOString(),
      until: period.until.toISOString(),
      statuses: statuses && Object.fromEntries<number>(statuses),
      unsold: [...part.leads.values()].reduce((sum, leads) => sum + leads, 0),
      under_way: part.underWay,
      reasons: [...part.leads].map(([reason, leads]) => ({ reason, leads })),
      contracts: part.contracts.map((one) => viewOf(one, stand.get(one.contract))),
      next: part.next,
    };
  },
});

const viewOf = (
  { contract, buyer, leads, reasons }: ContractReasons,
  now: ContractNow,
): ContractReasonsView => ({
  contract,
  buyer,
  leads,
  reasons: [...reasons.values()].map(({ details, ...count }) => ({
    ...count,
    details: [...details].map(([detail, of]) => ({ detail, leads: of })),
  })),
  now: nowOf(now),
});

function nowOf(now: ContractNow): ContractReasonsView['now'] {
  if (now === undefined) return { takes_leads: true };
  if (typeof now === 'object' && 'upTo' in now) return { takes_leads: true, detail: now.upTo };
  if (now === 'gone') return { takes_leads: false, reason: 'gone', detail: 'it has left the market' };
  const { reason, detail, change } = now;
  return { takes_leads: false, reason, detail, until: change && new Date(change.at).toISOString() };
}
