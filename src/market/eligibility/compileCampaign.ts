import { LRUCache } from 'lru-cache';
import { compileSchedule, type CompiledSchedule } from '../calendar/schedule.js';
import { compileComparisons, type Comparisons } from '../filters/comparisons.js';
import { compileFilters, type Filter, type LeadTest } from '../filters/filters.js';
import { hasLimits } from '../limits/usage.js';
import type { Buyer, Campaign, Contract, Seller } from '../model/market.js';

/** A contract compiled for many leads, so that rounds do not repeat the work. */
export interface CompiledContract<B extends Buyer = Buyer> {
  contract: Contract;
  buyer: B;
  states?: ReadonlySet<string>;
  /** `buys TX, CA only`; set in campaigns with few contracts only, see `NAMED_STATES_IN`. */
  buysOnly?: string;
  only?: ReadonlySet<string>;
  not?: ReadonlySet<string>;
  schedule?: CompiledSchedule;
  filter?: LeadTest;
  /** Whether its sales count against limits of the contract or of its buyer. */
  limited: boolean;
}

export interface CompiledCampaign<B extends Buyer = Buyer, S extends Seller = Seller> {
  seller: S;
  campaign: Campaign;
  contracts: CompiledContract<B>[];
  /** `comparedBuyers` of the whole market; absent: none. */
  compared?: ReadonlySet<string>;
  /** The version of the market; absent in a market that is not stored. */
  marketVersion?: number;
}

/** The market is read every two seconds and seldom differs, so expensive compilations are cached by their input. */
function kept<Terms, Ready extends object>(
  compile: (terms: Terms) => Ready,
  keyOf: (terms: Terms) => string = JSON.stringify,
): (terms: Terms) => Ready {
  const known = new LRUCache<string, Ready>({ max: 10_000 });
  return (terms) => {
    const key = keyOf(terms);
    const ready = known.get(key) ?? compile(terms);
    known.set(key, ready);
    return ready;
  };
}

/** A campaign's field declarations, compiled. `id` is part of the cache key of everything compiled from them. */
interface CompiledFields {
  id: number;
  comparisons: Comparisons;
}

let lastId = 0;
const compileFields = kept(
  ({ fields = {}, currency }: Pick<Campaign, 'fields' | 'currency'>): CompiledFields => {
    lastId += 1;
    return { id: lastId, comparisons: compileComparisons(fields, currency) };
  },
);

interface FilterTerms {
  filters: Filter[];
  timezone: string;
  fields: CompiledFields;
}

const schedules = kept(compileSchedule);
const leadTests = kept(
  ({ filters, timezone, fields }: FilterTerms): LeadTest =>
    compileFilters(filters, { comparisons: fields.comparisons, timezone }),
  ({ filters, timezone, fields }) => `${fields.id} ${timezone} ${JSON.stringify(filters)}`,
);

/** Compiles the contracts of a campaign, in their order. Contracts whose buyer does not exist are left out. */
export function compileContracts<B extends Buyer>(
  { fields, currency }: Pick<Campaign, 'fields' | 'currency'>,
  contracts: readonly Contract[],
  buyers: ReadonlyMap<string, B>,
): CompiledContract<B>[] {
  const compiled = compileFields({ fields, currency });
  const namesStates = contracts.length <= NAMED_STATES_IN;
  return contracts.flatMap((contract) => {
    const buyer = buyers.get(contract.buyer);
    if (buyer === undefined) return [];
    const ready = compileContract(contract, buyer, compiled);
    if (namesStates && contract.states) ready.buysOnly = buysOnlyIn(contract.states);
    return [ready];
  });
}

/**
 * A round groups contracts that have the same reason and detail. In a large campaign, most contracts are excluded by
 * state, and individual details would make a round many times as large.
 */
const NAMED_STATES_IN = 30;
const NAMED_STATES = 6;

function buysOnlyIn(states: readonly string[]): string {
  const others = states.length - NAMED_STATES;
  const named = others > 1 ? states.slice(0, NAMED_STATES) : states;
  return `buys ${named.join(', ')}${others > 1 ? ` and ${others} other states` : ''} only`;
}

/**
 * One object literal with one shape: a copy with another key makes each round of a large campaign five times as slow.
 */
function compileContract<B extends Buyer>(
  contract: Contract,
  buyer: B,
  fields: CompiledFields,
): CompiledContract<B> {
  const { states, sources, schedule, filters, timezone } = contract;
  return {
    contract,
    buyer,
    states: states && new Set(states),
    buysOnly: undefined,
    only: sources?.only && new Set(sources.only),
    not: sources?.not && new Set(sources.not),
    schedule: schedule && schedules(schedule),
    filter: filters && leadTests({ filters, timezone, fields }),
    limited: hasLimits(contract) || buyer.balance !== undefined,
  };
}
