import { isDeepStrictEqual } from 'node:util';
import type { Campaign, Contract, Market } from '../../market/model/market.js';
import { fieldsIn, type Filter } from '../../market/filters/filters.js';

/** What every list of leads shows. All other fields hold what a person wrote: a custom field may hold anything. */
const NOT_PERSONAL = 'state';

/**
 * Fields of persons that a change asks for: those of filters that are not the same before and after it, and those that are
 * declared to be something else. Its figures say how many leads have the values that it names, so some dozens of changes
 * read a phone number digit by digit.
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
  // Ages are counted on the contract's clock.
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
