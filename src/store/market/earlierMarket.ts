import type { Minor } from '../../market/money.js';
import type { BuyerDocument, CampaignDocument, ContractDocument, SellerDocument } from '../documents.js';

/*
 * Reads the market of earlier releases in the present form. A release does not rewrite stored data: workers of the
 * previous release may still run, and the market is rewritten only by an apply (docs/upgrades.md).
 */
type Without<T, Later extends keyof T> = Omit<T, Later> & Partial<Pick<T, Later>>;

export type EarlierSeller = Without<SellerDocument, 'active' | 'postbacks'>;
export type EarlierBuyer = Without<BuyerDocument, 'active'>;
export type EarlierContract = Without<ContractDocument, 'active' | 'tier' | 'weight' | 'timezone'>;
/** The terms of sale and of waiting were top-level fields. */
export type EarlierCampaign = Omit<CampaignDocument, 'sale' | 'pending'> & {
  maxBuyers: number;
  floor: Minor;
  retryAfter: number[];
  expireAfter: number;
};

export const currentSeller = (stored: EarlierSeller): SellerDocument => ({
  active: true,
  postbacks: [],
  ...stored,
});

export const currentBuyer = (stored: EarlierBuyer): BuyerDocument => ({ active: true, ...stored });

export const currentContract = (stored: EarlierContract): ContractDocument => ({
  active: true,
  tier: 1,
  weight: 1,
  timezone: 'UTC',
  ...stored,
});

export function currentCampaign(stored: CampaignDocument | EarlierCampaign): CampaignDocument {
  if ('sale' in stored) return stored;
  const { maxBuyers, floor, retryAfter, expireAfter, ...campaign } = stored;
  const mode = maxBuyers > 1 ? 'shared' : 'exclusive';
  return {
    ...campaign,
    sale: { mode, maxBuyers, floor, award: 'highestBid' },
    pending: { retryAfter, expireAfter },
  };
}
