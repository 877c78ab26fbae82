import type { CompiledContract, CompiledCampaign } from './compileCampaign.js';
import type { Minor } from '../money.js';
import type { NoBid } from '../model/round.js';
import type { DuplicateRule, Sale } from '../model/market.js';
import { limitsOf, type Limit, type LimitOwner } from '../limits/usage.js';

/** What a sale must find room under, and what it is counted in. */
export interface ReservationNeeds {
  limits: Limit[];
  /** Whose they are; absent where there are none. */
  limiting?: LimitOwner;
  /** Of the campaign and of the contract. */
  duplicates: DuplicateRule[];
  /**
   * Whether it is noted at once that the buyer holds a lead of the person: a rule of its own asks for it, or one of another
   * contract may ask meanwhile. Else it is noted once the sale is booked, for rules that are made later.
   */
  notesPerson: boolean;
  /** Whether acceptance is counted for the campaign's award. */
  countsOffers: boolean;
}

/**
 * What a sale under a contract needs room for; nothing but the rules on duplicates where the lead is a test.
 * @param market absent where the campaign is gone, as its contract may be
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
    ...(ready && { limiting: ready }),
    duplicates: rules,
    notesPerson: rules.length > 0 || (ready !== undefined && isComparedWith(market, ready)),
    countsOffers: award === 'expectedValue' && !test,
  };
}

/** What a campaign that is in one currency by now says to a lead, or a bid, that is in another. */
export const currencyExclusion = (campaign: string, other: string): NoBid => ({
  reason: 'closed',
  detail: `the campaign changed from ${other} to ${campaign}`,
});

/** Whether another contract is refused a person for what this one holds. */
const isComparedWith = (market: CompiledCampaign | undefined, { buyer }: CompiledContract): boolean =>
  market !== undefined &&
  (market.compared?.has(buyer.id) === true ||
    market.contracts.some(({ contract }) => contract.duplicates?.per === 'campaign'));
