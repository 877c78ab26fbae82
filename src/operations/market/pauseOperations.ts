import Type from 'typebox';
import { parseDuration } from '../../market/calendar/duration.js';
import { formatInstant, formatUtc, parseInstant } from '../../market/calendar/isoTime.js';
import { isPaused } from '../../market/model/pause.js';
import type { Pausable } from '../../market/model/market.js';
import { toDecimal } from '../../market/money.js';
import type { Database } from '../../store/db.js';
import { currentCampaign } from '../../store/market/earlierMarket.js';
import { readTerms } from '../../store/market/readMarket.js';
import { countWaiting, setPause, type PauseTarget } from '../../store/market/pauses.js';
import { invalidField } from '../operationError.js';
import { BuyerName, CampaignId, SellerName } from '../inputs.js';
import { findBuyerByName, findCampaignByName, findContractByName, resolveIds } from '../findByName.js';
import { operation, type OperationContext } from '../operation.js';

const optional = Type.Optional;
const tag = 'Market';

/** The last date that ISO 8601 writes with a four-digit year. */
const LATEST = Date.UTC(9999, 11, 31);

/** The end of a pause, to the second. Undefined if the text is neither a time nor a duration. */
export function pauseEnd(text: string, now: number): number | undefined {
  const span = parseDuration(text);
  const at = span === undefined ? parseInstant(text) : now + span;
  return at !== undefined && at < LATEST ? Math.ceil(at / 1000) * 1000 : undefined;
}

const Until = Type.Refine(
  Type.String({
    title: 'a date and time with its offset from UTC, or a duration from now',
    examples: ['2026-12-01T09:00:00-06:00'],
    description:
      'When it resumes automatically: a time, or a duration from now (`2h`, `3d`); by default it stays paused until resumed',
  }),
  (text) => pauseEnd(text, 0) !== undefined,
);

const Category = Type.String({
  title: 'a category',
  examples: ['auto-insurance'],
  minLength: 1,
  maxLength: 100,
  description: 'The category, as in the campaign’s id or in the market file',
});

const State = Type.Object(
  {
    kind: Type.Enum(['buyer', 'campaign', 'contract'], { type: 'string' }),
    id: Type.String(),
    paused: Type.Boolean({ description: 'Whether it is paused now' }),
    paused_until: optional(Type.String({ description: 'When it resumes automatically' })),
    changed: Type.Boolean({ description: 'False if it already had this state' }),
    waiting_leads: Type.Integer({ minimum: 0, description: 'Unsold leads waiting in its campaigns' }),
  },
  { $id: 'PauseState', title: 'The new state of a buyer, campaign or contract' },
);
export type PauseView = Type.Static<typeof State>;

interface Found {
  id: string;
  what: PauseTarget;
  was: Pausable;
  /** Campaigns whose leads may wait for it. */
  campaigns: readonly string[];
}

type Find<Named> = (database: Database, named: Named) => Promise<Found>;

const buyer = { buyer_id: BuyerName };
const campaign = { seller: SellerName, category: Category };
const contract = { ...campaign, buyer_id: BuyerName };
const until = { until: optional(Until) };
const common = { tag, scope: 'market:write', output: State, failures: ['notFound'] } as const;

export const pauseBuyer = operation({
  ...common,
  id: 'pauseBuyer',
  summary: 'Pause a buyer, until a time or until it is resumed',
  route: 'POST /admin/buyers/:buyer_id/pause',
  input: { ...buyer, ...until },
  run: pausing(findBuyer),
});

export const resumeBuyer = operation({
  ...common,
  id: 'resumeBuyer',
  summary: 'Resume a paused buyer',
  route: 'POST /admin/buyers/:buyer_id/resume',
  input: buyer,
  run: resuming(findBuyer),
});

export const pauseCampaign = operation({
  ...common,
  id: 'pauseCampaign',
  summary: 'Pause a campaign, until a time or until it is resumed',
  route: 'POST /admin/campaigns/:seller/:category/pause',
  input: { ...campaign, ...until },
  run: pausing(findCampaign),
});

export const resumeCampaign = operation({
  ...common,
  id: 'resumeCampaign',
  summary: 'Resume a paused campaign',
  route: 'POST /admin/campaigns/:seller/:category/resume',
  input: campaign,
  run: resuming(findCampaign),
});

export const pauseContract = operation({
  ...common,
  id: 'pauseContract',
  summary: 'Pause a contract, until a time or until it is resumed',
  route: 'POST /admin/contracts/:seller/:category/:buyer_id/pause',
  input: { ...contract, ...until },
  run: pausing(findContract),
});

export const resumeContract = operation({
  ...common,
  id: 'resumeContract',
  summary: 'Resume a paused contract',
  route: 'POST /admin/contracts/:seller/:category/:buyer_id/resume',
  input: contract,
  run: resuming(findContract),
});

function pausing<Named>(find: Find<Named>) {
  return async (
    { database, by }: OperationContext,
    asked: Named & { until?: string },
  ): Promise<PauseView> => {
    const found = await find(database, asked);
    const pausedUntil = asked.until === undefined ? undefined : endAfter(asked.until, Date.now());
    const active = pausedUntil !== undefined;
    const changed = await setPause(database, found.what, { active, pausedUntil }, by);
    return view(database, found, { paused: true, pausedUntil, changed });
  };
}

function resuming<Named>(find: Find<Named>) {
  return async ({ database, by }: OperationContext, asked: Named): Promise<PauseView> => {
    const found = await find(database, asked);
    // An expired pause may still be stored. Removing it has no effect, so no lead is woken for it.
    const changed =
      isPaused(found.was, Date.now()) && (await setPause(database, found.what, { active: true }, by));
    return view(database, found, { paused: false, changed });
  };
}

/** @throws OperationError if the time is in the past */
function endAfter(text: string, now: number): number {
  const at = pauseEnd(text, now) ?? 0;
  if (at > now) return at;
  throw invalidField(`until: ${formatUtc(at)} is in the past. Send a later time.`);
}

async function view(
  database: Database,
  { id, what, campaigns }: Found,
  { paused, pausedUntil, changed }: { paused: boolean; pausedUntil?: number; changed: boolean },
): Promise<PauseView> {
  return {
    kind: what.kind,
    id,
    paused,
    paused_until: pausedUntil === undefined ? undefined : formatInstant(pausedUntil),
    changed,
    waiting_leads: await countWaiting(database, campaigns),
  };
}

async function findBuyer(database: Database, { buyer_id }: { buyer_id: string }): Promise<Found> {
  const { id, active, pausedUntil } = await findBuyerByName(database, buyer_id);
  const campaigns = await database.contracts.distinct('campaign', { buyer: id });
  return { id, what: { kind: 'buyer', id }, was: { active, pausedUntil }, campaigns };
}

async function findCampaign(database: Database, named: { seller: string; category: string }): Promise<Found> {
  const found = await findCampaignByName(database, `${named.seller}/${named.category}`);
  const { id, seller, category } = found;
  return { id, what: { kind: 'campaign', seller, category }, was: found, campaigns: [id] };
}

async function findContract(
  database: Database,
  named: { seller: string; category: string; buyer_id: string },
): Promise<Found> {
  const text = `${named.seller}/${named.category}/${named.buyer_id}`;
  const found = await findContractByName(database, text);
  const { id, campaign: of, buyer: by } = found;
  const { seller, category } = await findCampaignByName(database, of);
  return { id, what: { kind: 'contract', seller, category, buyer: by }, was: found, campaigns: [of] };
}

const pauseView = (pausable: Pausable) => {
  const now = Date.now();
  const { active, pausedUntil = 0 } = pausable;
  return {
    paused: isPaused(pausable, now),
    paused_until: active && pausedUntil > now ? formatInstant(pausedUntil) : undefined,
  };
};

const listed = {
  id: Type.String(),
  paused: Type.Boolean({ description: 'Whether it is paused itself' }),
  paused_until: optional(Type.String({ description: 'When it resumes automatically' })),
};

const CampaignListed = Type.Object({
  ...listed,
  category: Type.String(),
  mode: Type.String(),
  floor: Type.Number(),
  currency: Type.String(),
  contracts: Type.Integer(),
  waiting_leads: Type.Integer(),
});

export const showCampaigns = operation({
  id: 'listCampaigns',
  summary: 'List campaigns, with pause, sale mode and number of waiting leads',
  tag,
  route: 'GET /admin/campaigns',
  scope: 'market:read',
  input: { seller: optional(SellerName) },
  output: Type.Object(
    { campaigns: Type.Array(CampaignListed) },
    { $id: 'Campaigns', title: 'Campaigns, by id' },
  ),
  failures: ['notFound'],
  async run({ database }, named) {
    const { seller } = await resolveIds(database, named);
    const stored = await database.campaigns.find({ seller }, { sort: { _id: 1 } }).toArray();
    const found = stored.map(currentCampaign);
    const contracts = await countContracts(database);
    const waiting = await Promise.all(found.map(({ _id }) => countWaiting(database, [_id])));
    return {
      campaigns: found.map(({ _id: id, ...campaign }, i) => ({
        id,
        ...pauseView(campaign),
        category: campaign.category,
        mode: campaign.sale.mode,
        floor: toDecimal(campaign.sale.floor, campaign.currency),
        currency: campaign.currency,
        contracts: contracts.get(id) ?? 0,
        waiting_leads: waiting[i] ?? 0,
      })),
    };
  },
});

async function countContracts({ contracts }: Database): Promise<Map<string, number>> {
  const found = await contracts
    .aggregate<{ _id: string; count: number }>([{ $group: { _id: '$campaign', count: { $sum: 1 } } }])
    .toArray();
  return new Map(found.map(({ _id, count }) => [_id, count]));
}

const ContractListed = Type.Object({
  ...listed,
  buyer: Type.String(),
  tier: Type.Integer(),
  price: optional(Type.Number({ description: 'Its fixed price; absent if its buyer bids' })),
  currency: Type.String(),
  also_paused: optional(Type.String({ description: 'Also paused: its seller, campaign or buyer' })),
});
export type ContractView = Type.Static<typeof ContractListed>;

export const showContracts = operation({
  id: 'listContracts',
  summary: 'List contracts, with pause, price and tier',
  tag,
  route: 'GET /admin/contracts',
  scope: 'market:read',
  input: { seller: optional(SellerName), campaign: optional(CampaignId), buyer: optional(BuyerName) },
  output: Type.Object(
    { contracts: Type.Array(ContractListed) },
    { $id: 'Contracts', title: 'Contracts, by id' },
  ),
  failures: ['notFound'],
  async run({ database }, named) {
    const { seller, campaign: id, buyer: by } = await resolveIds(database, named);
    const market = await readTerms(database);
    const sellers = new Map(market.sellers.map((one) => [one.code, one]));
    const buyers = new Map(market.buyers.map((one) => [one.id, one]));
    const campaigns = new Map(market.campaigns.map((one) => [one.id, one]));
    const contracts = market.contracts.flatMap((one): ContractView[] => {
      const own = campaigns.get(one.campaign);
      const isNamed =
        (id === undefined || one.campaign === id) &&
        (by === undefined || one.buyer === by) &&
        (seller === undefined || own?.seller === seller);
      if (own === undefined || !isNamed) return [];
      const { currency } = own;
      const paused = (what: string, pausable: Pausable | undefined): string[] =>
        pausable !== undefined && isPaused(pausable, Date.now()) ? [what] : [];
      const others = [
        ...paused('seller', sellers.get(own.seller)),
        ...paused('campaign', own),
        ...paused('buyer', buyers.get(one.buyer)),
      ];
      return [
        {
          id: one.id,
          ...pauseView(one),
          buyer: one.buyer,
          tier: one.tier,
          price: one.price === undefined ? undefined : toDecimal(one.price, currency),
          currency,
          also_paused: others[0],
        },
      ];
    });
    return { contracts };
  },
});
