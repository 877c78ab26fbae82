import { LRUCache } from 'lru-cache';
import { compileSchedule, type CompiledSchedule } from './calendar/schedule.js';
import { compileFilters, type LeadTest } from './filters.js';
import { isLimited } from './usage.js';
import type { Buyer, Campaign, Contract, Seller } from './terms.js';

/** A contract made ready for many leads: what each round would else work out anew. */
export interface ReadyContract<B extends Buyer = Buyer> {
  contract: Contract;
  buyer: B;
  states?: ReadonlySet<string>;
  only?: ReadonlySet<string>;
  not?: ReadonlySet<string>;
  schedule?: CompiledSchedule;
  /** Undefined where the lead passes, else the rule that it does not pass. */
  filter?: LeadTest;
  /** Whether selling under it takes up a limit of its own or of its buyer. */
  limited: boolean;
}

/** A campaign's terms made ready for many leads. */
export interface ReadyMarket<B extends Buyer = Buyer, S extends Seller = Seller> {
  seller: S;
  campaign: Campaign;
  contracts: ReadyContract<B>[];
  /** `comparedBuyers` of the whole market; absent: none. */
  compared?: ReadonlySet<string>;
}

/**
 * The market is read anew every two seconds, and seldom differs: what costs most to make ready is kept by what it says.
 */
function kept<Terms, Ready extends object>(compile: (terms: Terms) => Ready): (terms: Terms) => Ready {
  const known = new LRUCache<string, Ready>({ max: 10_000 });
  return (terms) => {
    const key = JSON.stringify(terms);
    const ready = known.get(key) ?? compile(terms);
    known.set(key, ready);
    return ready;
  };
}

const schedules = kept(compileSchedule);
const leadTests = kept(compileFilters);

export function readyContract<B extends Buyer>(contract: Contract, buyer: B): ReadyContract<B> {
  const { states, sources, schedule, filters } = contract;
  return {
    contract,
    buyer,
    ...(states && { states: new Set(states) }),
    ...(sources?.only && { only: new Set(sources.only) }),
    ...(sources?.not && { not: new Set(sources.not) }),
    ...(schedule && { schedule: schedules(schedule) }),
    ...(filters && { filter: leadTests(filters) }),
    limited: isLimited(contract) || buyer.balance !== undefined,
  };
}
