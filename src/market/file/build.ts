import { toMinor } from '../money.js';
import { stateCode } from '../states.js';
import { categorySlug, type Buyer, type Campaign, type Contract, type Seller } from '../terms.js';
import { DEFAULTS } from './defaults.js';
import { parseDuration } from './duration.js';
import type { MarketInFile } from './schema.js';

/** The market as the rules know it: defaults filled in, money in minor units, times in ms, states as codes. */
export interface Terms {
  sellers: Seller[];
  buyers: Buyer[];
  campaigns: Campaign[];
  contracts: Contract[];
}

/** `ACME1234/auto-insurance` */
export const campaignId = (seller: string, category: string): string => `${seller}/${categorySlug(category)}`;

type CampaignInFile = NonNullable<MarketInFile['campaigns']>[number];

/**
 * Builds the terms of a file in which no fault was found.
 * @throws Error where one was missed: the checks let a value through that has no meaning
 */
export function buildTerms({ sellers = [], buyers = [], campaigns = [] }: MarketInFile): Terms {
  return {
    sellers: sellers.map(({ code, slug, name }) => ({ code, slug, name })),
    buyers: buyers.map(({ id, name, ping, post }) => ({ id, name, ...(ping && { ping }), post })),
    campaigns: campaigns.map(campaignOf),
    contracts: campaigns.flatMap(contractsOf),
  };
}

function campaignOf(campaign: CampaignInFile): Campaign {
  const { seller, category, active = DEFAULTS.active, currency = DEFAULTS.currency } = campaign;
  return {
    id: campaignId(seller, category),
    seller,
    category,
    active,
    currency,
    required: campaign.required ?? DEFAULTS.required,
    maxBuyers: 1,
    floor: checked(toMinor(campaign.sale?.floor ?? DEFAULTS.floor, currency)),
    retryAfter: (campaign.pending?.retryAfter ?? DEFAULTS.retryAfter).map((wait) =>
      checked(parseDuration(wait)),
    ),
    expireAfter: checked(parseDuration(campaign.pending?.expireAfter ?? DEFAULTS.expireAfter)),
  };
}

function contractsOf({
  seller,
  category,
  currency = DEFAULTS.currency,
  contracts = [],
}: CampaignInFile): Contract[] {
  const campaign = campaignId(seller, category);
  return contracts.map(({ buyer, states, price, delay }) => ({
    id: `${campaign}/${buyer}`,
    campaign,
    buyer,
    ...(states && { states: states.map((state) => checked(stateCode(state))) }),
    ...(price !== undefined && { price: checked(toMinor(price, currency)) }),
    ...(delay !== undefined && { delay: checked(parseDuration(delay)) }),
  }));
}

function checked<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error('A value of the market file has no meaning, and its check missed that');
  return value;
}
