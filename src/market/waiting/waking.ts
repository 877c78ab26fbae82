import type { CompiledContract, CompiledCampaign } from '../eligibility/compileCampaign.js';
import { campaignExclusion, leadExclusion, type LeadInRound } from '../eligibility/eligibility.js';
import type { Buyer, Campaign, Contract, Market, Sale, Seller } from '../model/market.js';
import type { WaitUpdate } from './waiting.js';

/** Whether a changed field might let a contract take a lead that it did not take before. */
type Judge<T> = (was: T, now: T, isPrepaid: boolean) => boolean;

const never = (): boolean => false;
const always = (): boolean => true;

type NumberOf<T> = { [K in keyof T]-?: T[K] extends number | undefined ? K : never }[keyof T];

/** `absent`: the value that a missing field stands for. */
const rises =
  <T>(field: NumberOf<T>, absent: number): Judge<T> =>
  (was, now) =>
    Number(now[field] ?? absent) > Number(was[field] ?? absent);
const falls =
  <T>(field: NumberOf<T>, absent: number): Judge<T> =>
  (was, now) =>
    Number(now[field] ?? absent) < Number(was[field] ?? absent);

const turnedOn: Judge<{ active: boolean }> = (_, now) => now.active;

/** A rule that excludes leads was removed or changed. */
const eased =
  <T>(field: keyof T): Judge<T> =>
  (was) =>
    was[field] !== undefined;

/** The limit of some window was raised or removed. */
const roomier =
  (field: 'caps' | 'postCaps' | 'budget'): Judge<Contract> =>
  (was, now) => {
    const limits: Partial<Record<string, number>> = now[field] ?? {};
    return Object.entries(was[field] ?? {}).some(([window, most]) => most < (limits[window] ?? Infinity));
  };

/** A lower price can't reach a floor that the old one missed, but the rest of a budget or balance may cover it. */
const priced =
  (field: 'price' | 'sharedPrice'): Judge<Contract> =>
  (was, now, isPrepaid) => {
    const [before, after] = [was[field], now[field]];
    if (before === undefined || after === undefined || after > before) return true;
    return isPrepaid || now.budget !== undefined;
  };

const SELLER: Record<keyof Seller, Judge<Seller>> = {
  code: never,
  slug: never,
  name: never,
  active: turnedOn,
  postbacks: never,
  sources: never,
};

const BUYER: Record<keyof Buyer, Judge<Buyer>> = {
  id: never,
  name: never,
  active: turnedOn,
  pausedUntil: falls('pausedUntil', 0),
  ping: (_, { ping }) => ping !== undefined,
  post: always,
  status: never,
  notices: never,
  protocol: always,
  balance: rises('balance', Infinity),
  lowBalance: never,
  currency: always,
};

const SALE: Record<keyof Sale, Judge<Sale>> = {
  mode: always,
  maxBuyers: never,
  floor: falls('floor', 0),
  sharedFloor: (was, now) => (now.sharedFloor ?? now.floor) < (was.sharedFloor ?? was.floor),
  award: never,
  instantBuy: never,
};

const CAMPAIGN: Record<keyof Campaign, Judge<Campaign>> = {
  id: never,
  seller: never,
  category: never,
  active: turnedOn,
  pausedUntil: falls('pausedUntil', 0),
  currency: always,
  redirects: never,
  required: never,
  fields: always,
  sale: (was, now) => mightTakeMore(SALE, was.sale, now.sale),
  stages: always,
  margin: never,
  // They let no contract take more leads; see campaignsWithNewPendingTerms.
  pending: never,
  duplicates: eased('duplicates'),
  checks: eased('checks'),
  retention: never,
};

const CONTRACT: Record<keyof Contract, Judge<Contract>> = {
  id: never,
  campaign: never,
  buyer: never,
  active: turnedOn,
  pausedUntil: falls('pausedUntil', 0),
  tier: never,
  weight: never,
  states: ({ states: was }, { states }) =>
    was !== undefined && (states === undefined || states.some((state) => !was.includes(state))),
  filters: eased('filters'),
  sources: eased('sources'),
  schedule: eased('schedule'),
  price: priced('price'),
  sharedPrice: priced('sharedPrice'),
  floor: falls('floor', 0),
  ceiling: never,
  delay: falls('delay', 0),
  until: rises('until', Infinity),
  caps: roomier('caps'),
  postCaps: roomier('postCaps'),
  budget: roomier('budget'),
  pace: eased('pace'),
  timezone: always,
  duplicates: eased('duplicates'),
  checks: eased('checks'),
  ping: always,
  protocol: always,
  outlet: always,
  delivery: (was, now) => now.delivery?.again === true && was.delivery?.again !== true,
  returns: never,
};

/** Whether two values are deeply equal, regardless of the order of keys. */
export const isSame = (a: unknown, b: unknown): boolean => inOrder(a) === inOrder(b);

/** As text, independent of the order of keys. */
const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

function mightTakeMore<T extends object>(
  judges: { readonly [K in keyof T]-?: Judge<T> },
  was: T | undefined,
  now: T,
  isPrepaid = false,
): boolean {
  if (was === undefined) return true;
  const fields = Object.keys(judges) as (keyof T)[];
  return fields.some((field) => !isSame(was[field], now[field]) && judges[field](was, now, isPrepaid));
}

/**
 * Contracts that might now take leads that they did not take before, because their own terms changed, or their
 * campaign's, buyer's or seller's.
 * @param after entries that are missing here are unchanged
 */
export function contractsToReconsider(before: Market, after: Market): { id: string; campaign: string }[] {
  const sellers = changedFor(SELLER, [before.sellers, after.sellers], ({ code }) => code);
  const buyers = changedFor(BUYER, [before.buyers, after.buyers], ({ id }) => id);
  const campaigns = changedFor(CAMPAIGN, [before.campaigns, after.campaigns], ({ id }) => id);
  const prepaid = new Set(
    [...before.buyers, ...after.buyers].flatMap(({ id, balance }) => (balance === undefined ? [] : [id])),
  );
  const contracts = changedFor(
    CONTRACT,
    [before.contracts, after.contracts],
    ({ id }) => id,
    ({ buyer }) => prepaid.has(buyer),
  );
  const sellerOf = (campaign: string): string => campaign.slice(0, campaign.indexOf('/'));
  const all = new Map([...before.contracts, ...after.contracts].map((contract) => [contract.id, contract]));
  return [...all.values()]
    .filter(
      ({ id, campaign, buyer }) =>
        contracts.has(id) || campaigns.has(campaign) || buyers.has(buyer) || sellers.has(sellerOf(campaign)),
    )
    .map(({ id, campaign }) => ({ id, campaign }));
}

function changedFor<T extends object>(
  judges: { readonly [K in keyof T]-?: Judge<T> },
  [before, after]: readonly [before: readonly T[], after: readonly T[]],
  idOf: (one: T) => string,
  isPrepaid: (one: T) => boolean = () => false,
): Set<string> {
  const was = new Map(before.map((one) => [idOf(one), one]));
  return new Set(
    after.filter((one) => mightTakeMore(judges, was.get(idOf(one)), one, isPrepaid(one))).map(idOf),
  );
}

/** Campaigns with changed terms for pending leads, whose waits must be computed again. */
export function campaignsWithNewPendingTerms(
  before: Pick<Market, 'campaigns'>,
  after: Pick<Market, 'campaigns'>,
): string[] {
  const was = new Map(before.campaigns.map(({ id, pending }) => [id, pending]));
  return after.campaigns
    .filter(({ id, pending }) => was.has(id) && !isSame(was.get(id), pending))
    .map(({ id }) => id);
}

/** A change that affects a campaign's pending leads. */
export interface CampaignChange {
  /** Contracts that might take more leads than before. */
  contracts: readonly CompiledContract[];
  /** Whether the campaign's terms for pending leads changed. */
  pending: boolean;
}

/**
 * The notification of a pending lead about a change: `now` if a round might sell it now, an update if its wait must
 * be computed again, undefined if the change does not affect it. A contract that can't take it yet affects it only if
 * the contract can take it before its wait ends.
 * @param dueAt the current end of its wait, UTC ms
 * @param now UTC ms
 */
export function waitUpdateFor(
  { seller, campaign }: Pick<CompiledCampaign, 'seller' | 'campaign'>,
  { contracts, pending }: CampaignChange,
  lead: LeadInRound,
  { dueAt, now }: { dueAt: number; now: number },
): 'now' | WaitUpdate | undefined {
  const changes: WaitUpdate['changes'][number][] = [];
  const barred = campaignExclusion(seller, campaign, lead, now);
  for (const ready of contracts) {
    const refused = barred ?? leadExclusion(ready, lead, now);
    if (refused === undefined) return 'now';
    if (refused.change && refused.change.at < dueAt) changes.push(refused.change);
  }
  if (!pending && changes.length === 0) return undefined;
  const [first] = changes.sort((a, b) => a.at - b.at);
  return { pending: pending ? campaign.pending : undefined, changes: first ? [first] : [] };
}
