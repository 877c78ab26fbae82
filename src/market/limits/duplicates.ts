import type { NoBid } from '../model/round.js';
import type { Campaign, Contract, DuplicateRule } from '../model/market.js';

/** Keyed hashes of `personKeys`, by which a person is recognised again without being known. */
export interface PersonHashes {
  phone?: string;
  email?: string;
}

/** Under what somebody's holds on leads of the person are kept: `phone:…`, `email:…`. */
export const personIds = (match: PersonHashes): string[] =>
  (['phone', 'email'] as const).flatMap((field) =>
    match[field] === undefined ? [] : [`${field}:${match[field]}`],
  );

/** Somebody's hold on a lead of the person: a post under way, or a sale. */
export interface Hold extends PersonHashes {
  sale: string;
  lead: string;
  contract: string;
  buyer: string;
  campaign: string;
  /** UTC ms. */
  at: number;
}

export const DAY_MS = 86_400_000;

/** No rule looks further back, days. */
export const LONGEST_WINDOW_DAYS = 3650;
export const LONGEST_WINDOW_MS = LONGEST_WINDOW_DAYS * DAY_MS;

/** Since when a hold counts, UTC ms. */
export const countsSince = (rule: DuplicateRule, now: number): number => now - rule.withinDays * DAY_MS;

type Asking = Pick<Hold, 'lead' | 'contract' | 'buyer' | 'campaign'>;

/**
 * Whether the rule forbids selling the lead to whoever asks, because of what others or the same hold of the person.
 * Other buyers' holds on the same lead do not count: that is a shared sale.
 * @param now UTC ms
 */
export function isDuplicate(
  rule: DuplicateRule,
  asking: Asking,
  match: PersonHashes,
  holds: readonly Hold[],
  now: number,
): boolean {
  const same = (hold: Hold) => (field: 'phone' | 'email') =>
    match[field] !== undefined && hold[field] === match[field];
  return holds.some((hold) => {
    if (hold.lead === asking.lead || hold[rule.per] !== asking[rule.per]) return false;
    if (hold.at <= countsSince(rule, now)) return false;
    return rule.match === 'any' ? rule.by.some(same(hold)) : rule.by.every(same(hold));
  });
}

/**
 * Buyers of which some contract, in whatever campaign, is refused a person for what the buyer holds under any other: what
 * they hold must be known while its post is under way.
 */
export function comparedBuyers(
  campaigns: readonly Pick<Campaign, 'id' | 'duplicates'>[],
  contracts: readonly Pick<Contract, 'campaign' | 'buyer' | 'duplicates'>[],
): Set<string> {
  const compares = new Set(campaigns.filter(isPerBuyer).map(({ id }) => id));
  return new Set(
    contracts
      .filter((contract) => isPerBuyer(contract) || compares.has(contract.campaign))
      .map(({ buyer }) => buyer),
  );
}

const isPerBuyer = ({ duplicates }: Pick<Contract, 'duplicates'>): boolean => duplicates?.per === 'buyer';

/** The refusal of a lead whose person was sold before, in the words of the rule. */
export const duplicateExclusion = ({ withinDays, by }: DuplicateRule): NoBid => ({
  reason: 'duplicate',
  detail: `within ${withinDays} days, by ${by.join(' and ')}`,
});

/** The refusal of a lead whose person is on the list that the buyer gave us. */
export const ON_BUYER_LIST: NoBid = { reason: 'duplicate', detail: 'on the buyer’s own list' };

export const isOnBuyerList = ({ reason, detail }: NoBid): boolean =>
  reason === ON_BUYER_LIST.reason && detail === ON_BUYER_LIST.detail;
