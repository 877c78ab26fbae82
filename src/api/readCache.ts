import type { Campaign, Seller } from '../market/model/market.js';
import { cached } from '../store/cache.js';
import type { Database } from '../store/db.js';
import { findKey, hashKey, keyHashes } from '../store/keys/apiKeys.js';
import type { KeyDocument } from '../store/documents.js';
import { findAskedFields, findCampaign, findSeller } from '../store/market/storedTerms.js';
import { hasSuppressions } from '../store/persons/suppressions.js';

/** A campaign, with the fields that its contracts name. */
export type CachedCampaign = Campaign & { asked: ReadonlySet<string> };

/** Cached reads of the store, which every request needs. A change takes effect within 2 s. */
export interface ReadCache {
  key(text: string): Promise<KeyDocument | null>;
  /** Whether the key is in the cached list of all keys, so that invented keys need no query. */
  isListedKey(text: string): Promise<boolean>;
  seller(codeOrSlug: string): Promise<Seller | undefined>;
  /** By `categoryKey(category)`. */
  campaign(seller: string, categoryKey: string): Promise<CachedCampaign | undefined>;
  hasSuppressions(seller: string): Promise<boolean>;
}

export function createReadCache(database: Database): ReadCache {
  // A seller's code has letters and digits only, so the first space ends it.
  const campaign = cached(async (id) => {
    const space = id.indexOf(' ');
    const campaign = await findCampaign(database, id.slice(0, space), id.slice(space + 1));
    return campaign && { ...campaign, asked: await findAskedFields(database, campaign) };
  });
  const keys = cached(() => keyHashes(database));
  return {
    isListedKey: async (text) => (await keys('all')).has(hashKey(text)),
    key: cached((text) => findKey(database, text)),
    seller: cached((codeOrSlug) => findSeller(database, codeOrSlug)),
    campaign: (seller, categoryKey) => campaign(`${seller} ${categoryKey}`),
    hasSuppressions: cached((seller) => hasSuppressions(database, seller)),
  };
}
