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

/** Most unsold leads that one request reads: some seconds of work. */
const MOST_READ = 5000;

const OfReason = Type.Object({
  reason: Type.Unsafe<Reason>(Type.Enum([...REASONS], { type: 'string' })),
  asked: Type.Boolean({
    description: 'Whether the contract was asked in these rounds, or could not buy before anybody was asked',
  }),
  leads: Count,
  details: Type.Array(Type.Object({ detail: Type.String(), leads: Count }), {
    description:
      'The most frequent details; of reasons whose details name a time only for bids that a cap or budget refused',
  }),
});

const OfContract = Type.Object({
  contract: Type.String(),
  buyer: Type.String(),
  leads: Type.Integer({ minimum: 0, description: 'In how many of the last rounds it was' }),
  reasons: Type.Array(OfReason),
  now: Type.Object(
    {
      takes_leads: Type.Boolean(),
      reason: optional(Type.String()),
      detail: optional(
        Type.String({ description: 'If it takes leads: up to which price, if it has a budget' }),
      ),
      until: optional(Type.String({ description: 'When this ends by itself, if it is known' })),
    },
    { description: 'How the contract stands now, whatever a lead is like' },
  ),
});
export type ContractReasonsView = Type.Static<typeof OfContract>;

export const UnsoldReasons = Type.Object(
  {
    since: Type.String(),
    until: Type.String(),
    statuses: optional(
      Type.Record(Type.String(), Count, {
        description: 'All leads of the period by status, tests not counted; in the first part only',
      }),
    ),
    unsold: Type.Integer({ minimum: 0, description: 'How many unsold leads this part is of' }),
    under_way: Type.Integer({
      minimum: 0,
      description: 'Of these: a post is under way; no reason counts yet',
    }),
    reasons: Type.Array(Type.Object({ reason: Type.String(), leads: Count }), {
      description: 'The leads’ own reasons; `none` before the first round',
    }),
    contracts: Type.Array(OfContract),
    next: optional(
      Type.String({ description: 'Asked for as `after`, gives the next part; absent: this is the last' }),
    ),
  },
  { $id: 'UnsoldReasons', title: 'Why leads are unsold' },
);
export type UnsoldView = Type.Static<typeof UnsoldReasons>;

export const showUnsoldReasons = operation({
  id: 'unsoldReasons',
  summary:
    'Why leads are unsold: of each contract the reasons of their last rounds, part by part until there is no `next`',
  tag: 'Leads',
  method: 'GET',
  path: '/admin/leads/reasons',
  scope: 'leads:read',
  input: Type.Object(
    {
      since: DateOrTime('Received since'),
      until: optional(DateOrTime('Received before; absent: until now')),
      seller: optional(SellerName),
      campaign: optional(CampaignId),
      buyer: optional(BuyerName),
      after: optional({ ...LeadId, description: 'The `next` of the part before' }),
    },
    { title: 'the request' },
  ),
  output: UnsoldReasons,
  failures: ['notFound'],
  async run({ database }, { since, until, after, ...which }) {
    const now = new Date();
    const period = { since: dateOf(since), until: until === undefined ? now : dateOf(until) };
    const query = { ...period, ...(await resolveIds(database, which)) };
    const [part, statuses] = await Promise.all([
      unsoldReasons(database, query, { after, most: MOST_READ }),
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
