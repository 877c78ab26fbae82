import { minorDigits, toDecimal, type Minor } from '../money.js';
import type { Buyer, Campaign, Contract, Endpoint, Seller } from '../terms.js';
import { formatDuration } from './duration.js';

/** Terms as the market file would write them, key by key: what people compare, and what changes are told in. */
export type Written = Record<string, string>;

const list = (items: readonly string[]): string => `[${items.join(', ')}]`;

const amount = (minor: Minor, currency: string): string =>
  toDecimal(minor, currency).toFixed(minorDigits(currency));

const endpoint = (key: string, of: Endpoint | undefined): Written =>
  of === undefined ? {} : { [`${key}.url`]: of.url, [`${key}.timeoutMs`]: String(of.timeoutMs) };

export const writtenSeller = ({ slug, name }: Omit<Seller, 'code'>): Written => ({ slug, name });

export const writtenBuyer = ({ name, ping, post }: Omit<Buyer, 'id'>): Written => ({
  name,
  ...endpoint('ping', ping),
  ...endpoint('post', post),
});

export const writtenCampaign = (campaign: Omit<Campaign, 'id'>): Written => ({
  category: campaign.category,
  active: String(campaign.active),
  currency: campaign.currency,
  required: list(campaign.required),
  'sale.floor': amount(campaign.floor, campaign.currency),
  'pending.retryAfter': list(campaign.retryAfter.map(formatDuration)),
  'pending.expireAfter': formatDuration(campaign.expireAfter),
});

export const writtenContract = (contract: Omit<Contract, 'id'>, currency: string): Written => ({
  ...(contract.states && { states: list(contract.states) }),
  ...(contract.price !== undefined && { price: amount(contract.price, currency) }),
  ...(contract.delay !== undefined && { delay: formatDuration(contract.delay) }),
});
