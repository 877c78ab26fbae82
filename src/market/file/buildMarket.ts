import { DELIVERY, type DeliveryPolicy } from '../model/delivery.js';
import type { Margin, Share } from '../model/margin.js';
import { toMinor, type Minor } from '../money.js';
import { stateCode } from '../fields/state.js';
import {
  type Buyer,
  type Campaign,
  campaignId,
  type Contract,
  type DuplicateRule,
  type Endpoint,
  type Market,
  type Sale,
} from '../model/market.js';
import type { Filter } from '../filters/filters.js';
import type { Protocol, Step } from '../model/protocol.js';
import { DEFAULTS } from './keys.js';
import { parseDuration } from '../calendar/duration.js';
import { buildFields } from './fieldValues.js';
import { parseInstant } from '../calendar/isoTime.js';
import type { FilterInFile } from './filterSchema.js';
import type { MarketInFile } from './schema.js';
import { buildSources } from './sourceValues.js';

type CampaignInFile = NonNullable<MarketInFile['campaigns']>[number];

type BuyerInFile = NonNullable<MarketInFile['buyers']>[number];
type ContractInFile = NonNullable<CampaignInFile['contracts']>[number];
type SaleInFile = NonNullable<CampaignInFile['sale']>;
type DuplicatesInFile = NonNullable<ContractInFile['duplicates']>;
type MarginInFile = NonNullable<CampaignInFile['margin']>;

/**
 * Builds the market of a file without faults.
 * @throws Error if a check missed a fault and a value has no meaning
 */
export function buildMarket({ sellers = [], buyers = [], campaigns = [] }: MarketInFile): Market {
  return {
    sellers: sellers.map(({ postback, active = true, sources, ...seller }) => ({
      ...seller,
      active,
      sources: sources && buildSources(sources),
      postbacks: postback ? [postback.url, ...(postback.also ?? [])] : [],
    })),
    buyers: buyers.map(buyerOf),
    campaigns: campaigns.map(campaignOf),
    contracts: campaigns.flatMap(contractsOf),
  };
}

function buyerOf({
  balance,
  lowBalance,
  currency = DEFAULTS.currency,
  notices,
  active = true,
  pausedUntil,
  ping,
  post,
  status,
  ...buyer
}: BuyerInFile): Buyer {
  const { minor } = converter(currency);
  return {
    ...buyer,
    active,
    pausedUntil: instantOf(pausedUntil),
    ping: ping ?? endpointIn(buyer.protocol, 'ping'),
    post: post ?? endpointIn(buyer.protocol, 'post'),
    status: status ?? endpointIn(buyer.protocol, 'status'),
    notices: notices && { timeoutMs: DEFAULTS.noticeTimeoutMs, ...notices },
    balance: optional(balance, minor),
    currency: balance === undefined ? undefined : currency,
    lowBalance: optional(lowBalance, minor),
  };
}

/** A step's address in a protocol that names it itself. */
export function endpointIn(protocol: Protocol | undefined, step: Step): Endpoint | undefined {
  const { url, timeoutMs = DEFAULTS.stepTimeoutMs[step] } = protocol?.[step]?.request ?? {};
  return url === undefined ? undefined : { url, timeoutMs };
}

function campaignOf(campaign: CampaignInFile): Campaign {
  const {
    seller,
    category,
    active = DEFAULTS.active,
    pausedUntil,
    currency = DEFAULTS.currency,
    stages,
    margin,
  } = campaign;
  const convert = converter(currency);
  const { retryAfter = DEFAULTS.retryAfter, expireAfter = DEFAULTS.expireAfter } = campaign.pending ?? {};
  return {
    id: campaignId(seller, category),
    seller,
    category,
    active,
    pausedUntil: instantOf(pausedUntil),
    currency,
    redirects: campaign.redirects,
    required: campaign.required ?? DEFAULTS.required,
    fields: campaign.fields && buildFields(campaign.fields),
    sale: saleOf(campaign.sale ?? {}, convert),
    stages: stages
      ?.map(({ after, ...sale }) => ({ after: convert.ms(after), ...saleOf(sale, convert) }))
      .sort((a, b) => a.after - b.after),
    margin: margin && marginOf(margin, convert),
    pending: { retryAfter: retryAfter.map(convert.ms), expireAfter: convert.ms(expireAfter) },
    duplicates: campaign.duplicates && duplicatesOf(campaign.duplicates, 'campaign'),
    checks: campaign.checks,
    retention: optional(campaign.retention, convert.ms),
  };
}

function saleOf(
  { mode = 'exclusive', maxBuyers, floor, sharedFloor, award = 'highestBid', instantBuy }: SaleInFile,
  { minor }: Convert,
): Sale {
  return {
    mode,
    maxBuyers: mode === 'exclusive' ? 1 : (maxBuyers ?? DEFAULTS.maxBuyers),
    floor: minor(floor ?? DEFAULTS.floor),
    sharedFloor: optional(sharedFloor, minor),
    award,
    instantBuy: optional(instantBuy, minor),
  };
}

function contractsOf({
  seller,
  category,
  currency = DEFAULTS.currency,
  contracts = [],
}: CampaignInFile): Contract[] {
  const campaign = campaignId(seller, category);
  return contracts.map((contract) => contractOf(campaign, contract, converter(currency)));
}

function contractOf(campaign: string, contract: ContractInFile, { minor, ms }: Convert): Contract {
  const {
    pausedUntil,
    states,
    filters,
    price,
    sharedPrice,
    floor,
    ceiling,
    delay,
    until,
    budget,
    duplicates,
    outlet,
    delivery,
    returns,
    ...rest
  } = contract;
  return {
    ...rest,
    id: `${campaign}/${contract.buyer}`,
    campaign,
    active: contract.active ?? true,
    pausedUntil: instantOf(pausedUntil),
    tier: contract.tier ?? 1,
    weight: contract.weight ?? 1,
    timezone: contract.timezone ?? contract.schedule?.timezone ?? 'UTC',
    states: states?.map((state) => checked(stateCode(state))),
    filters: filters?.map(filterOf),
    price: optional(price, minor),
    sharedPrice: optional(sharedPrice, minor),
    floor: optional(floor, minor),
    ceiling: optional(ceiling, minor),
    delay: optional(delay, ms),
    until: optional(until, ms),
    budget: budget && amounts(budget, minor),
    duplicates: duplicates && duplicatesOf(duplicates, 'contract'),
    outlet: outlet && { timeoutMs: DEFAULTS.outletTimeoutMs, ...outlet },
    delivery: delivery && deliveryOf(delivery, ms),
    returns: returns && {
      refund: 100,
      freesCap: true,
      resell: false,
      ...returns,
      within: ms(returns.within),
    },
  };
}

/** Converts numbers and booleans to texts: fields are compared in their normal form, which is a text. */
function filterOf({ equals, oneOf, not, all, any, ...rules }: FilterInFile): Filter {
  const filter: Filter = rules;
  if (equals !== undefined) filter.equals = String(equals);
  if (oneOf) filter.oneOf = oneOf.map(String);
  if (not) filter.not = not.map(String);
  if (all) filter.all = all.map(filterOf);
  if (any) filter.any = any.map(filterOf);
  return filter;
}

function marginOf({ bands, ...margin }: MarginInFile, convert: Convert): Margin {
  if (!bands) return shareOf(margin, convert);
  return {
    bands: bands.map(({ from, ...share }) => ({ from: convert.minor(from), ...shareOf(share, convert) })),
  };
}

const shareOf = ({ percent, fixed = 0 }: { percent?: number; fixed?: number }, { minor }: Convert): Share =>
  percent === undefined ? { fixed: minor(fixed) } : { percent };

/** @param per the default of the rule's `per` */
const duplicatesOf = (rule: DuplicatesInFile, per: DuplicateRule['per']): DuplicateRule => ({
  match: 'any',
  per,
  ...rule,
});

function deliveryOf(
  { within, spacing, ...policy }: NonNullable<ContractInFile['delivery']>,
  ms: Convert['ms'],
): DeliveryPolicy {
  return {
    ...DELIVERY,
    ...policy,
    within: within === undefined ? DELIVERY.within : ms(within),
    spacing: spacing === undefined ? DELIVERY.spacing : ms(spacing),
  };
}

function amounts<Key extends string>(
  of: Partial<Record<Key, number>>,
  minor: Convert['minor'],
): Partial<Record<Key, Minor>> {
  const entries = Object.entries<number | undefined>(of).flatMap(([key, amount]) =>
    amount === undefined ? [] : [[key, minor(amount)]],
  );
  return Object.fromEntries(entries) as Partial<Record<Key, Minor>>;
}

interface Convert {
  minor: (amount: number) => Minor;
  ms: (duration: string) => number;
}

const converter = (currency: string): Convert => ({
  minor: (amount) => checked(toMinor(amount, currency)),
  ms: (duration) => checked(parseDuration(duration)),
});

const optional = <From, To>(value: From | undefined, convert: (value: From) => To): To | undefined =>
  value === undefined ? undefined : convert(value);

const instantOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : checked(parseInstant(text));

function checked<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error('A value of the market file has no meaning, and its check missed that');
  return value;
}
