import { createHash } from 'node:crypto';
import type { ClientSession } from 'mongodb';
import type { MarketInFile } from '../../market/file/schema.js';
import type { Terms } from '../../market/model/market.js';
import type { StoredMarket } from '../documents.js';
import { currentBuyer, currentCampaign, currentContract, currentSeller } from './earlierMarket.js';
import type { ReadOnlyDatabase } from '../readOnly.js';

/** The whole market as it is stored, each kind in the order of its ids; in a session, as its transaction sees it. */
export async function readMarket(
  { sellers, buyers, campaigns, contracts }: Pick<ReadOnlyDatabase, keyof StoredMarket>,
  session?: ClientSession,
): Promise<StoredMarket> {
  const sorted = { sort: { _id: 1 }, ...(session && { session }) } as const;
  // One after another: a session runs one operation at a time.
  return {
    sellers: (await sellers.find({}, sorted).toArray()).map(currentSeller),
    buyers: (await buyers.find({}, sorted).toArray()).map(currentBuyer),
    campaigns: (await campaigns.find({}, sorted).toArray()).map(currentCampaign),
    contracts: (await contracts.find({}, sorted).toArray()).map(currentContract),
  };
}

/** A stored market as the rules know it, without what the store adds to it. */
export const termsOf = ({ sellers, buyers, campaigns, contracts }: StoredMarket): Terms => ({
  sellers: sellers.map(({ _id, ...rest }) => ({ code: _id, ...without(rest, 'secret', 'signing') })),
  buyers: buyers.map(({ _id, ...rest }) => ({ id: _id, ...without(rest, 'secret', 'signing', 'paidIn') })),
  campaigns: campaigns.map(({ _id, ...rest }) => ({ id: _id, ...without(rest, 'categoryKey') })),
  contracts: contracts.map(({ _id, ...rest }) => ({ id: _id, ...rest })),
});

function without<T extends object, Key extends keyof T>(document: T, ...keys: Key[]): Omit<T, Key> {
  const rest = { ...document };
  for (const key of keys) Reflect.deleteProperty(rest, key);
  return rest;
}

/** The whole market, without its secrets; each part in the order of ids. */
export const readTerms = async (database: Pick<ReadOnlyDatabase, keyof StoredMarket>): Promise<Terms> =>
  termsOf(await readMarket(database));

/**
 * Names a state of the market: the same terms have the same tag. Whoever changes the market can say by it which state
 * the change is meant for. As an ETag it stands in quotes (RFC 9110, 8.8.3).
 */
export const marketTag = (market: MarketInFile): string =>
  createHash('sha256').update(JSON.stringify(market)).digest('hex').slice(0, 32);
