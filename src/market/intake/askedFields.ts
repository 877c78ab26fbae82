import { fieldsIn } from '../filters/filters.js';
import type { Campaign, Contract } from '../model/market.js';

/** The fields that a campaign and its contracts ask for by name, in filters, pings and checks. */
export function askedFields(
  { checks = [] }: Pick<Campaign, 'checks'>,
  contracts: readonly Pick<Contract, 'filters' | 'ping' | 'checks'>[],
): ReadonlySet<string> {
  const sent = [...checks, ...contracts.flatMap((contract) => contract.checks ?? [])];
  return new Set([
    ...sent.flatMap(({ sends }) => sends),
    ...contracts.flatMap(({ filters, ping }) => [...fieldsIn(filters), ...(ping?.fields ?? [])]),
  ]);
}
