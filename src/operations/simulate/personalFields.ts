import { isDeepStrictEqual } from 'node:util';
import type { Campaign, Contract, Market } from '../../market/model/market.js';
import { fieldsIn, type Filter } from '../../market/filters/filters.js';

/** Shown in every list of leads. All other fields are personal, since a custom field may hold anything. */
const NOT_PERSONAL = 'state';

/**
 * Personal fields in the parts of filters and declarations that a change modifies. The figures of a simulation reveal how many
 * leads have certain values, so that some dozens of simulations could read a phone number digit by digit.
 */
export function personalFieldsInChange(before: Market, after: Market): string[] {
  const contracts = new Map(before.contracts.map((contract) => [contract.id, contract]));
  const campaigns = new Map(before.campaigns.map((campaign) => [campaign.id, campaign]));
  const fields = [
    ...after.contracts.flatMap((contract) => askedByFilters(contracts.get(contract.id), contract)),
    ...after.campaigns.flatMap((campaign) => askedByTypes(campaigns.get(campaign.id), campaign)),
  ];
  return [...new Set(fields)].filter((field) => field !== NOT_PERSONAL).sort();
}

type Asking = Pick<Contract, 'filters' | 'timezone'>;

function askedByFilters(was: Asking | undefined, { filters = [], timezone }: Asking): string[] {
  const before = was?.filters ?? [];
  // Ages depend on the contract's time zone.
  const isSameDay = was?.timezone === timezone || !filters.some(asksForAge);
  return isSameDay && isDeepStrictEqual(before, filters) ? [] : [...fieldsIn(before), ...fieldsIn(filters)];
}

const asksForAge = ({ age, all = [], any = [] }: Filter): boolean =>
  age !== undefined || [...all, ...any].some(asksForAge);

function askedByTypes(
  { fields: before = {} }: Pick<Campaign, 'fields'> = {},
  { fields: after = {} }: Pick<Campaign, 'fields'>,
): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
}
