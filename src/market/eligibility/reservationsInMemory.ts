import {
  afterSale,
  duplicateExclusion,
  isDuplicate,
  personIds,
  type Purchase,
  type PersonHashes,
} from '../limits/duplicates.js';
import type { Minor } from '../money.js';
import type { ReservationNeeds } from './reservation.js';
import type { Exclusion } from '../model/round.js';
import type { Buyer } from '../model/market.js';
import {
  buyerAccount,
  fullLimit,
  fullLimitExclusion,
  balanceExclusion,
  type Limit,
  type Usage,
} from '../limits/usage.js';

/**
 * The state of limits and rules on duplicates, for a caller that decides leads one after the other in memory.
 * src/store/sales/capacity.ts does the same for concurrent callers. Counters are changed in place. A person's purchases
 * are found without a scan of all others.
 */
export interface Reservations {
  /** By contract, and by `buyer:ID` for balances. */
  usage: Map<string, Usage>;
  /** By `personIds`. */
  purchases: Map<string, Purchase[]>;
}

export interface ReservationRequest extends ReservationNeeds {
  purchase: Purchase;
  price: Minor;
  currency: string;
  test: boolean;
  buyer: Pick<Buyer, 'id' | 'balance' | 'currency'>;
}

const isPrepaid = ({ buyer, test }: ReservationRequest): boolean => buyer.balance !== undefined && !test;

/** Purchases of the person's leads that were made by `now`, UTC ms. */
export const purchasesOf = ({ purchases }: Reservations, match: PersonHashes, now: number): Purchase[] =>
  personIds(match).flatMap((id) => (purchases.get(id) ?? []).filter(({ at }) => at <= now));

/** Reserves what a sale needs under every limit, or nothing, and then returns the exclusion. */
export function reserve(reservations: Reservations, asked: ReservationRequest): Exclusion | undefined {
  const { purchase, price, currency, buyer, limits, limiting, duplicates, notesPerson, countsOffers } = asked;
  const purchases = purchasesOf(reservations, purchase, purchase.at);
  const rule = duplicates.find((each) => isDuplicate(each, purchase, purchases, purchase.at));
  if (rule) return duplicateExclusion(rule);
  const used = reservations.usage.get(purchase.contract);
  const full = fullLimit(limits, used);
  if (full) return fullLimitExclusion(full, used, { limiting, currency, now: purchase.at });
  const account = reservations.usage.get(buyerAccount(buyer.id));
  const broke = isPrepaid(asked) ? balanceExclusion(buyer, account, price, currency) : undefined;
  if (broke) return broke;
  countUsage(reservations, purchase.contract, limits, 1);
  if (isPrepaid(asked)) addToBalance(reservations, buyer.id, -price);
  if (countsOffers) offered(reservations, purchase.contract, 1, 0);
  if (notesPerson)
    changePurchases(reservations, purchase, (known) => [...known, { ...purchase, posting: true }]);
  return undefined;
}

/** The sale is booked: its reservation becomes final, and the buyer has bought a lead of the person. */
export function confirmReservation(
  reservations: Reservations,
  { purchase, countsOffers }: ReservationRequest,
): void {
  if (countsOffers) offered(reservations, purchase.contract, 0, 1);
  changePurchases(reservations, purchase, (known) => afterSale(known, purchase));
}

/** Releases the reservation of a sale that was not made. A post that was sent still counts as sent. */
export function releaseReservation(reservations: Reservations, asked: ReservationRequest): void {
  const { purchase, limits, buyer, price } = asked;
  countUsage(reservations, purchase.contract, limits.filter(isOfSale), -1);
  if (isPrepaid(asked)) addToBalance(reservations, buyer.id, price);
  forget(reservations, purchase);
}

/** The buyer returned the lead: it gets its refund, and its caps are freed if that is agreed. */
export function releaseReturned(
  reservations: Reservations,
  asked: ReservationRequest,
  refund: Minor,
  freesCap: boolean,
): void {
  const { purchase, limits, buyer } = asked;
  const freed = limits
    .filter(isOfSale)
    .map((limit) => (limit.counter === 'spent' ? { ...limit, adds: refund } : limit));
  if (freesCap) countUsage(reservations, purchase.contract, freed, -1);
  if (isPrepaid(asked)) addToBalance(reservations, buyer.id, refund);
  forget(reservations, purchase);
}

/** Adds a payment to a prepaid buyer's balance; a negative amount is owed. */
export function addToBalance(reservations: Reservations, buyer: string, amount: Minor): void {
  const account = usageOf(reservations, buyerAccount(buyer));
  account.balance = (account.balance ?? 0) + amount;
}

/** Counts a sale under limits, or reverts that (`-1`). */
export function countUsage(
  reservations: Reservations,
  contract: string,
  limits: readonly Limit[],
  times: 1 | -1,
): void {
  const used = usageOf(reservations, contract);
  for (const { counter, window, adds } of limits) {
    const windows = (used[counter] ??= {});
    windows[window] = (windows[window] ?? 0) + times * adds;
  }
}

const isOfSale = ({ counter }: Limit): boolean => counter !== 'posts';

function usageOf({ usage }: Reservations, id: string): Usage {
  const known = usage.get(id) ?? {};
  usage.set(id, known);
  return known;
}

function offered(reservations: Reservations, contract: string, posted: number, accepted: number): void {
  const used = usageOf(reservations, contract);
  const { offers = { posted: 0, accepted: 0 } } = used;
  used.offers = { posted: offers.posted + posted, accepted: offers.accepted + accepted };
}

const forget = (reservations: Reservations, { sale, ...match }: Purchase): void =>
  changePurchases(reservations, match, (known) => known.filter((purchase) => purchase.sale !== sale));

function changePurchases(
  { purchases }: Reservations,
  match: PersonHashes,
  change: (known: readonly Purchase[]) => Purchase[],
): void {
  for (const id of personIds(match)) purchases.set(id, change(purchases.get(id) ?? []));
}
