import type { ReadyMarket } from './compile.js';
import type { Minor } from './money.js';
import type { DuplicateRule, Sale } from './terms.js';
import { limitsOf, type Limit } from './usage.js';

/** What a sale must find room under, and what it is counted in. */
export interface RoomNeeded {
  limits: Limit[];
  /** Of the campaign and of the contract. */
  duplicates: DuplicateRule[];
  /** Whether acceptance is counted for the campaign's award. */
  countsOffers: boolean;
}

/**
 * What a sale under a contract needs room for; nothing but the rules on duplicates where the lead is a test.
 * @param market absent where the campaign is gone, as its contract may be
 * @param now UTC ms
 */
export function roomNeeded(
  market: ReadyMarket | undefined,
  contract: string,
  { price, test, award, now }: { price: Minor; test: boolean; award: Sale['award']; now: number },
): RoomNeeded {
  const ready = market?.contracts.find((each) => each.contract.id === contract);
  const rules = [market?.campaign.duplicates, ready?.contract.duplicates];
  return {
    limits: ready && !test ? limitsOf(ready.contract, ready.schedule, price, now) : [],
    duplicates: rules.filter((rule) => rule !== undefined),
    countsOffers: award === 'expectedValue' && !test,
  };
}
