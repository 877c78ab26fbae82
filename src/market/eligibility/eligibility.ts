import { DAY } from '../calendar/days.js';
import { isOpen, nextOpening, type CompiledSchedule } from '../calendar/schedule.js';
import type { CompiledContract } from './compileCampaign.js';
import type { FieldValue } from '../fields/reading.js';
import { formatDuration } from '../calendar/duration.js';
import type { LeadFacts } from '../model/lead.js';
import { formatUtc } from '../calendar/isoTime.js';
import { pauseOf } from '../model/pause.js';
import { currencyExclusion } from './reservation.js';
import type { Exclusion } from '../model/round.js';
import type { Campaign, Seller } from '../model/market.js';

/** A lead as the rules see it. `fields` hold personal data, which must not enter a reason. */
export interface LeadInRound {
  facts: LeadFacts;
  fields: Readonly<Record<string, FieldValue>>;
  /** The campaign's currency when the lead was received: bids and prices for the lead are in it. */
  currency: string;
  /** The name of the source that posted it. */
  source: string;
  /** The results of earlier posts of this lead, by contract: a buyer that had it is not asked again. */
  offered: Record<string, 'refused' | 'uncertain' | 'returned'>;
}

/**
 * Why no contract of the campaign may buy the lead; undefined if some may. After a change of currency, the campaign's
 * amounts do not apply to leads that were received before it: 5000 yen are not 50.00 dollars.
 */
export function campaignExclusion(
  seller: Pick<Seller, 'active'>,
  campaign: Pick<Campaign, 'active' | 'pausedUntil' | 'currency'>,
  { currency }: Pick<LeadInRound, 'currency'>,
  now: number,
): Exclusion | undefined {
  const paused = pauseOf(seller, 'the seller', now) ?? pauseOf(campaign, 'the campaign', now);
  if (paused !== undefined) return paused;
  return campaign.currency === currency ? undefined : currencyExclusion(campaign.currency, currency);
}

const statesRefused = new Map<string | undefined, Exclusion>();

/** Most contracts of a large campaign are excluded by state, so the exclusion of each state is cached. */
function doesNotBuy(state: string | undefined): Exclusion {
  const known = statesRefused.get(state);
  if (known !== undefined) return known;
  const refused: Exclusion = { reason: 'state', detail: `does not buy ${state ?? 'leads without a state'}` };
  statesRefused.set(state, refused);
  return refused;
}

/**
 * Why the contract's own terms exclude this lead now; undefined if they do not. Limits, duplicates and the buyer's
 * circuit, which depend on other sales, are checked after this.
 * @param now UTC ms
 */
export function leadExclusion(
  ready: CompiledContract,
  lead: LeadInRound,
  now: number,
): Exclusion | undefined {
  const { contract, buyer, states, buysOnly, only, not, schedule, filter } = ready;
  const { facts, source } = lead;
  const paused = pauseOf(contract, 'the contract', now) ?? pauseOf(buyer, 'the buyer', now);
  if (paused !== undefined) return paused;
  const before = lead.offered[contract.id];
  if (before === 'returned') return { reason: 'refused', detail: 'it gave the lead back' };
  if (before !== undefined && (before === 'refused' || contract.delivery?.again !== true)) {
    return { reason: before, detail: 'in an earlier round' };
  }
  if (states !== undefined && (facts.state === undefined || !states.has(facts.state)))
    return buysOnly === undefined ? doesNotBuy(facts.state) : { reason: 'state', detail: buysOnly };
  if (only?.has(source) === false)
    return { reason: 'filtered', detail: `source ${source} is not in sources.only` };
  if (not?.has(source) === true) return { reason: 'filtered', detail: `source ${source} is in sources.not` };
  const age = now - facts.receivedAt;
  if (contract.delay !== undefined && age < contract.delay) {
    const from = facts.receivedAt + contract.delay;
    return {
      reason: 'not_yet',
      detail: `offered from ${formatUtc(from)}`,
      change: { at: from, what: 'delay' },
    };
  }
  if (contract.until !== undefined && age >= contract.until) {
    return { reason: 'closed', detail: `the lead is older than ${formatDuration(contract.until)}` };
  }
  const rule = filter?.(lead.fields, now);
  if (rule !== undefined) return { reason: 'filtered', detail: rule };
  const closed = scheduleExclusion(schedule, now);
  if (closed !== undefined) return closed;
  if (contract.price === undefined && contract.sharedPrice === undefined && buyer.ping === undefined) {
    return { reason: 'no_bid', detail: 'the buyer has neither a ping nor a price' };
  }
  return undefined;
}

/** The next opening is needed often and stays the same until the schedule opens, or for a day if it does not open. */
const asked = new WeakMap<CompiledSchedule, { at: number; opens: number | undefined }>();

function opens(schedule: CompiledSchedule, now: number): number | undefined {
  const last = asked.get(schedule);
  if (last && last.at <= now && now < (last.opens ?? last.at + DAY)) return last.opens;
  const next = nextOpening(schedule, now);
  asked.set(schedule, { at: now, opens: next });
  return next;
}

/**
 * The exclusion by a closed schedule, with the time of the next opening; undefined if the schedule is open or the
 * contract has none.
 */
export function scheduleExclusion(
  schedule: CompiledSchedule | undefined,
  now: number,
): Exclusion | undefined {
  if (schedule === undefined || isOpen(schedule, now)) return undefined;
  const at = opens(schedule, now);
  if (at === undefined) return { reason: 'closed', detail: 'its schedule never opens again' };
  return { reason: 'closed', detail: `opens ${formatUtc(at)}`, change: { at, what: 'opening' } };
}
