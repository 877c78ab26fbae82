import type { Campaign, Seller } from '../market/terms.js';
import { cached } from '../store/cache.js';
import type { Database } from '../store/db.js';
import { findKey, type KeyDocument } from '../store/keys.js';
import { findCampaign, findSeller } from '../store/market.js';
import { hasSuppressions } from '../store/suppressions.js';

/** What every request asks the store for, remembered so shortly that a change is in force within 2 s. */
export interface Lookups {
  key(text: string): Promise<KeyDocument | null>;
  seller(codeOrSlug: string): Promise<Seller | undefined>;
  /** By `categoryKey(category)`. */
  campaign(seller: string, categoryKey: string): Promise<Campaign | undefined>;
  /** Whether there is a list of persons whose leads the seller must not sell. */
  hasSuppressions(seller: string): Promise<boolean>;
}

export function createLookups(database: Database): Lookups {
  // A seller's code has letters and digits only, so the first space ends it.
  const campaign = cached(async (id) => {
    const space = id.indexOf(' ');
    return findCampaign(database, id.slice(0, space), id.slice(space + 1));
  });
  return {
    key: cached((text) => findKey(database, text)),
    seller: cached((codeOrSlug) => findSeller(database, codeOrSlug)),
    campaign: (seller, categoryKey) => campaign(`${seller} ${categoryKey}`),
    hasSuppressions: cached((seller) => hasSuppressions(database, seller)),
  };
}
