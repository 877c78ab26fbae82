import { HASH_BITS } from '../fields/personKeys.js';
import type { Market } from '../model/market.js';

/**
 * Effects of a market on personal data that the person who applies it should know, although they are not faults: what
 * it reveals, and how long it keeps data.
 * @param retentionDays the setting RETENTION_DAYS; undefined if it is not set
 */
export function cautionsOf(
  { campaigns, contracts }: Pick<Market, 'campaigns' | 'contracts'>,
  retentionDays: number | undefined,
): string[] {
  const hashing = contracts.filter(({ ping }) => ping?.hashes !== undefined).map(({ id }) => id);
  const endless = campaigns.filter(({ retention }) => retention === undefined).map(({ id }) => id);
  return [
    ...(hashing.length === 0 ? [] : [hashesReveal(hashing)]),
    ...(endless.length === 0 || retentionDays !== undefined ? [] : [keptForEver(endless)]),
  ];
}

const hashesReveal = (ids: string[]): string =>
  `Every ping of ${listed(ids)} tells its buyer ${HASH_BITS} bits of the person's phone or e-mail, also if it does not buy. ` +
  'A list that the buyer gives you tells it nothing: `gavel suppressions import FILE --buyer ID`.';

const keptForEver = (ids: string[]): string =>
  `Persons of ${listed(ids)} are kept until you erase them: set \`retention\` or RETENTION_DAYS (0 if this is meant).`;

const NAMED = 3;

const listed = (ids: string[]): string =>
  ids.length <= NAMED ? ids.join(', ') : `${ids.slice(0, NAMED).join(', ')} and ${ids.length - NAMED} more`;
