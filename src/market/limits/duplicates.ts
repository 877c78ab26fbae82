import type { NoBid } from '../model/round.js';
import type { Campaign, Contract, DuplicateRule } from '../model/market.js';

/** Keyed hashes of `personKeys`. They recognise a person without revealing who it is. */
export interface PersonHashes {
  phone?: string;
  email?: string;
}

/** The ids under which purchases of the person's leads are kept: `phone:…`, `email:…`. */
export const personIds = (match: PersonHashes): string[] =>
  (['phone', 'email'] as const).flatMap((field) =>
    match[field] === undefined ? [] : [`${field}:${match[field]}`],
  );

/** A purchase of a lead of the person under a contract: a sale, or a post in flight. */
export interface Purchase extends PersonHashes {
  sale: string;
  lead: string;
  contract: string;
  buyer: string;
  campaign: string;
  /** UTC ms. */
  at: number;
  /** The post is in flight. Such purchases are all kept. */
  posting?: boolean;
}

/**
 * How many sales of a contract to a person are remembered, the most recent ones. A rule needs only the latest sale of
 * another lead. That is one of the latest two, because the asking lead may have been sold under the contract itself; the
 * third takes its place if a sale is returned.
 */
export const SALES_KEPT = 3;

export const DAY_MS = 86_400_000;

/** The longest window of a rule, days. */
export const LONGEST_WINDOW_DAYS = 3650;
export const LONGEST_WINDOW_MS = LONGEST_WINDOW_DAYS * DAY_MS;

/** Purchases after this time count, UTC ms. */
export const countsSince = (rule: DuplicateRule, now: number): number => now - rule.withinDays * DAY_MS;

/** The lead of a person that a contract asks for. */
type Asking = Pick<Purchase, 'lead' | 'contract' | 'buyer' | 'campaign' | 'phone' | 'email'>;

/**
 * Whether the rule forbids selling the lead to the asking contract, because of earlier purchases of the person's leads.
 * Other buyers' purchases of the same lead do not count: that is a shared sale.
 * @param now UTC ms
 */
export function isDuplicate(
  rule: DuplicateRule,
  asking: Asking,
  purchases: readonly Purchase[],
  now: number,
): boolean {
  const same = (purchase: Purchase) => (field: 'phone' | 'email') =>
    asking[field] !== undefined && purchase[field] === asking[field];
  return purchases.some((purchase) => {
    if (purchase.lead === asking.lead || purchase[rule.per] !== asking[rule.per]) return false;
    if (purchase.at <= countsSince(rule, now)) return false;
    return rule.match === 'any' ? rule.by.some(same(purchase)) : rule.by.every(same(purchase));
  });
}

/**
 * The purchases of a person after a sale was booked: the sales of its contract that no rule needs any more are dropped.
 */
export function afterSale(purchases: readonly Purchase[], sold: Purchase): Purchase[] {
  const others = purchases.filter(({ sale, at }) => sale !== sold.sale && at > sold.at - LONGEST_WINDOW_MS);
  const isEarlier = ({ contract, at, posting }: Purchase): boolean =>
    contract === sold.contract && posting !== true && at <= sold.at;
  return [
    ...others.filter((purchase) => !isEarlier(purchase)),
    ...others.filter(isEarlier).slice(1 - SALES_KEPT),
    { ...sold, posting: undefined },
  ];
}

/** The purchases of a person that a rule may need. */
export const latestPurchases = (purchases: readonly Purchase[]): Purchase[] =>
  purchases.filter(
    ({ contract, posting }, i) =>
      posting === true ||
      purchases.slice(i + 1).filter((later) => later.contract === contract && later.posting !== true).length <
        SALES_KEPT,
  );

/**
 * Buyers that have, in any campaign, a contract that is refused a person because of what the buyer bought under another
 * contract. Their purchases must be known while a post is in flight.
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

/** The exclusion of a lead whose person was sold before, worded by the rule. */
export const duplicateExclusion = ({ withinDays, by }: DuplicateRule): NoBid => ({
  reason: 'duplicate',
  detail: `within ${withinDays} days, by ${by.join(' and ')}`,
});

/** The exclusion of a lead whose person is on the suppression list that the buyer provided. */
export const ON_BUYER_LIST: NoBid = { reason: 'duplicate', detail: 'on the buyer’s own list' };

/** Whether a rule on duplicates is the reason; a buyer's own list is another one. */
export const isByDuplicateRule = (noBid: NoBid): boolean =>
  noBid.reason === 'duplicate' && !isOnBuyerList(noBid);

export const isOnBuyerList = ({ reason, detail }: NoBid): boolean =>
  reason === ON_BUYER_LIST.reason && detail === ON_BUYER_LIST.detail;
