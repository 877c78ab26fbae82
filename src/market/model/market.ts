import { type Seller, type Buyer, type Campaign, type Contract, categorySlug } from './terms.js';

/** The market as the rules know it: defaults filled in, money in minor units, times in ms, states as codes. */
export interface Terms {
  sellers: Seller[];
  buyers: Buyer[];
  campaigns: Campaign[];
  contracts: Contract[];
}
/** `ACME1234/auto-insurance` */
export const campaignId = (seller: string, category: string): string => `${seller}/${categorySlug(category)}`;
