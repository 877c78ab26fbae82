import { nextPacedSlot, pacedCap } from '../calendar/pacing.js';
import type { CompiledSchedule } from '../calendar/schedule.js';
import { windowEnd, windowKey, type Period } from '../calendar/windows.js';
import { formatUtc } from '../calendar/isoTime.js';
import { formatMoney, type Minor } from '../money.js';
import type { Exclusion, MetLimit, NoBid } from '../model/round.js';
import type { Buyer, Contract } from '../model/market.js';

/** A contract's usage of its limits, by window: leads bought, posts sent, money spent (minor units). */
export interface Usage {
  sold?: Record<string, number>;
  posts?: Record<string, number>;
  spent?: Record<string, number>;
  /** All posts sent and accepted, if the campaign awards by expected value. */
  offers?: { posted: number; accepted: number };
  /** Of a buyer: the rest of its prepaid balance. */
  balance?: Minor;
  /** The currency of the balance. Absent in accounts of earlier releases, which are in the buyer's currency. */
  currency?: string;
}

/** A buyer's account, in `Usage` and in the ledger. */
export const buyerAccount = (buyer: string): string => `buyer:${buyer}`;

/** One limit that a sale counts against. Adding `adds` must not exceed `most`. */
export interface Limit {
  counter: 'sold' | 'posts' | 'spent';
  period: Period;
  /** The window, as it is named in `Usage`. */
  window: string;
  most: number;
  adds: number;
  /** Whether `most` grows in the course of the day. */
  paced: boolean;
}

const PERIODS: readonly Period[] = ['hour', 'day', 'week', 'month', 'total'];

export type LimitTerms = Pick<Contract, 'caps' | 'postCaps' | 'budget' | 'pace' | 'timezone'>;

export const hasLimits = ({ caps, postCaps, budget }: LimitTerms): boolean =>
  caps !== undefined || postCaps !== undefined || budget !== undefined;

/**
 * Every limit that a sale at this price counts against now. The same list decides whether a sale fits and is the
 * condition of the reservation, so the two can't disagree.
 * @param now UTC ms; windows begin and end in the contract's time zone
 */
export function limitsOf(
  contract: LimitTerms,
  schedule: CompiledSchedule | undefined,
  price: Minor,
  now: number,
): Limit[] {
  const { caps = {}, postCaps = {}, budget = {}, pace = false, timezone } = contract;
  const limit = (counter: Limit['counter'], period: Period, most: number, adds: number): Limit => {
    const paced = pace && counter === 'sold' && period === 'day';
    return {
      counter,
      period,
      window: windowKey(period, timezone, now),
      most: paced ? pacedCap(most, { schedule, timezone }, now) : most,
      adds,
      paced,
    };
  };
  const given = (by: Partial<Record<Period, number>>): [Period, number][] =>
    PERIODS.flatMap((period) => {
      const most = by[period];
      return most === undefined ? [] : [[period, most]];
    });
  return [
    ...given(caps).map(([period, most]) => limit('sold', period, most, 1)),
    ...given(postCaps).map(([period, most]) => limit('posts', period, most, 1)),
    ...given(budget).map(([period, most]) => limit('spent', period, most, price)),
  ];
}

/** The first limit that the sale would exceed; undefined if it fits under all of them. */
export function fullLimit(limits: readonly Limit[], usage: Usage | undefined): Limit | undefined {
  return limits.find(({ counter, window, most, adds }) => (usage?.[counter]?.[window] ?? 0) + adds > most);
}

/** The owner of limits. Its terms say when a full limit allows sales again. */
export interface LimitOwner {
  contract: LimitTerms;
  schedule?: CompiledSchedule;
}

/** What a full limit's exclusion depends on besides its usage. */
interface ExclusionContext {
  /** The owner of the limit; absent: it is not known when the limit allows sales again. */
  limiting?: LimitOwner;
  currency: string;
  /** UTC ms. */
  now: number;
}

/**
 * The exclusion by a full limit, and when the limit allows sales again if that needs no other change. A price above
 * the whole limit waits for other terms, or for a lower price.
 */
export function fullLimitExclusion(
  limit: Limit,
  usage: Usage | undefined,
  { limiting, currency, now }: ExclusionContext,
): Exclusion {
  const { counter, period, window, most, adds, paced } = limit;
  const reason = counter === 'spent' ? 'over_budget' : 'capped';
  const says = limitInWords(limit, limiting, currency);
  const used = usage?.[counter]?.[window] ?? 0;
  const met: MetLimit = { counter, period, used, most };
  if (!paced && adds > most)
    return { reason, detail: `${says}, which is less than the lead costs`, limit: met };
  if (period === 'total') return { reason, detail: `${says}, which does not reset`, limit: met };
  const at = limiting && limitFreesAt(limit, limiting, used, now);
  if (at === undefined) return { reason, detail: says, limit: met };
  return {
    reason,
    detail: `${says}, until ${formatUtc(at)}`,
    change: { at, what: 'window' },
    limit: { ...met, resetsAt: at },
  };
}

/** `5 leads a day`, `$100.00 a month`; `2 of 10 leads a day so far, spread over the day`. */
function limitInWords(limit: Limit, limiting: LimitOwner | undefined, currency: string): string {
  const { counter, period, most, paced } = limit;
  const per = period === 'total' ? 'in all' : period === 'hour' ? 'an hour' : `a ${period}`;
  if (counter === 'spent') return `${formatMoney(most, currency)} ${per}`;
  const one = counter === 'posts' ? 'post' : 'lead';
  const cap = limiting?.contract.caps?.day;
  if (paced && cap !== undefined) return `${most} of ${counted(cap, one)} ${per} so far, spread over the day`;
  return `${counted(most, one)} ${per}`;
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** When a full limit allows sales again, UTC ms; undefined if only a change of its terms can. */
export function limitFreesAt(
  limit: Limit,
  { contract: { caps, timezone }, schedule }: LimitOwner,
  used: number,
  now: number,
): number | undefined {
  const cap = caps?.day;
  if (limit.paced && cap !== undefined) return nextPacedSlot(used, cap, { schedule, timezone }, now);
  return windowEnd(limit.period, timezone, now);
}

/** The reason that a prepaid balance can't pay in a currency; undefined if it can, or if the buyer is not prepaid. */
export function balanceCurrencyExclusion(
  { balance, currency: own = 'another currency' }: Pick<Buyer, 'balance' | 'currency'>,
  account: Pick<Usage, 'currency'> | undefined,
  currency: string,
): NoBid | undefined {
  if (balance === undefined) return undefined;
  // The account is checked as well, because the cached buyer may be older.
  const other = [own, account?.currency ?? own].find((one) => one !== currency);
  return other === undefined ? undefined : { reason: 'no_balance', detail: `the balance is in ${other}` };
}

/** The reason that a prepaid buyer can't pay; undefined if it can, or is billed on account. */
export function balanceExclusion(
  buyer: Pick<Buyer, 'balance' | 'currency'>,
  account: Usage | undefined,
  price: Minor,
  currency: string,
): NoBid | undefined {
  if (buyer.balance === undefined) return undefined;
  const other = balanceCurrencyExclusion(buyer, account, currency);
  if (other) return other;
  const left = account?.balance ?? 0;
  return left < Math.max(price, 1)
    ? {
        reason: 'no_balance',
        detail: `${formatMoney(left, currency)} left, which is less than the lead costs`,
        limit: { counter: 'balance', most: left },
      }
    : undefined;
}
