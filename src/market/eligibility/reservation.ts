import type { CompiledContract, CompiledCampaign } from './compileCampaign.js';
import type { Minor } from '../money.js';
import type { NoBid } from '../model/round.js';
import type { DuplicateRule, Sale } from '../model/market.js';
import { limitsOf, type Limit, type LimitOwner } from '../limits/usage.js';

/** The limits and rules that a sale must pass, and the counters that it changes. */
export interface ReservationNeeds {
  limits: Limit[];
  limiting?: LimitOwner;
  duplicates: DuplicateRule[];
  /**
   * Whether the purchase is recorded with the reservation: if a rule of its own needs it, or a concurrent check of
   * another contract may need it. Otherwise it is recorded when the sale is booked, for rules that are made later.
   */
  notesPerson: boolean;
  /** Whether acceptance is counted, for the campaign's award. */
  countsOffers: boolean;
}

/**
 * What a sale under a contract must reserve. For a test lead, only the rules on duplicates.
 * @param market absent if the campaign no longer exists; its contract may be gone too
 * @param now UTC ms
 */
export function reservationNeeds(
  market: CompiledCampaign | undefined,
  contract: string,
  { price, test, award, now }: { price: Minor; test: boolean; award: Sale['award']; now: number },
): ReservationNeeds {
  const ready = market?.contracts.find((each) => each.contract.id === contract);
  const rules = [market?.campaign.duplicates, ready?.contract.duplicates].filter(
    (rule) => rule !== undefined,
  );
  return {
    limits: ready && !test ? limitsOf(ready.contract, ready.schedule, price, now) : [],
    limiting: ready,
    duplicates: rules,
    notesPerson: rules.length > 0 || (ready !== undefined && isComparedWith(market, ready)),
    countsOffers: award === 'expectedValue' && !test,
  };
}

/** The reason for a lead or bid in a currency that the campaign no longer uses. */
export const currencyExclusion = (campaign: string, other: string): NoBid => ({
  reason: 'closed',
  detail: `the campaign changed from ${other} to ${campaign}`,
});

/** Whether another contract is refused a person because of what was bought under this one. */
const isComparedWith = (market: CompiledCampaign | undefined, { buyer }: CompiledContract): boolean =>
  market !== undefined &&
  (market.compared?.has(buyer.id) === true ||
    market.contracts.some(({ contract }) => contract.duplicates?.per === 'campaign'));
