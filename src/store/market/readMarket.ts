import { createHash } from 'node:crypto';
import type { ClientSession } from 'mongodb';
import type { MarketInFile } from '../../market/file/schema.js';
import type { Market } from '../../market/model/market.js';
import type { StoredMarket } from '../documents.js';
import { currentBuyer, currentCampaign, currentContract, currentSeller } from './earlierMarket.js';
import type { ReadOnlyDatabase } from '../readOnly.js';

/** The complete stored market, each collection in the order of ids; in a session, as its transaction sees it. */
export async function readMarket(
  { sellers, buyers, campaigns, contracts }: Pick<ReadOnlyDatabase, keyof StoredMarket>,
  session?: ClientSession,
): Promise<StoredMarket> {
  const sorted = { sort: { _id: 1 }, session } as const;
  // Sequential: a session runs one operation at a time.
  return {
    sellers: (await sellers.find({}, sorted).toArray()).map(currentSeller),
    buyers: (await buyers.find({}, sorted).toArray()).map(currentBuyer),
    campaigns: (await campaigns.find({}, sorted).toArray()).map(currentCampaign),
    contracts: (await contracts.find({}, sorted).toArray()).map(currentContract),
  };
}

/** The terms of a stored market, without the store's own fields. */
export const termsOf = ({ sellers, buyers, campaigns, contracts }: StoredMarket): Market => ({
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

/** The complete market without secrets, in the order of ids. */
export const readTerms = async (database: Pick<ReadOnlyDatabase, keyof StoredMarket>): Promise<Market> =>
  termsOf(await readMarket(database));

/**
 * Identifies a state of the market: equal terms have equal tags. A caller that changes the market can require the state
 * that the change is based on. As an ETag it is in quotes (RFC 9110, 8.8.3).
 */
export const marketTag = (market: MarketInFile): string =>
  createHash('sha256').update(JSON.stringify(market)).digest('hex').slice(0, 32);
