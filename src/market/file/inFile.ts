import { toDecimal } from '../money.js';
import type { Buyer, Campaign, Contract, Sale, Seller } from '../terms.js';
import type { Terms } from './build.js';
import { DEFAULTS } from './defaults.js';
import { formatDuration } from './duration.js';
import { isDuration, isMoney } from './units.js';

/** A map of a market file by its keys, each value as the file writes it. */
export type Keys = Record<string, unknown>;

export const isMap = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The maps of a list; of anything else, none. */
export const listOf = (value: unknown): Keys[] => (Array.isArray(value) ? value.filter(isMap) : []);

/** A whole market as a file would write it. */
export interface MarketKeys {
  sellers: Keys[];
  buyers: Keys[];
  campaigns: Keys[];
}

/** The file that terms could have been read from; `buildTerms` makes the same terms of it again. */
export function inFile({ sellers, buyers, campaigns, contracts }: Terms): MarketKeys {
  const byCampaign = new Map<string, Contract[]>();
  for (const contract of contracts) {
    byCampaign.set(contract.campaign, [...(byCampaign.get(contract.campaign) ?? []), contract]);
  }
  return {
    sellers: sellers.map(sellerKeys),
    buyers: buyers.map(buyerKeys),
    campaigns: campaigns.map((campaign) => campaignKeys(campaign, byCampaign.get(campaign.id) ?? [])),
  };
}

function sellerKeys({ postbacks: [url, ...also], ...seller }: Seller): Keys {
  const postback = { url, ...(also.length > 0 && { also }) };
  return { ...seller, ...(url !== undefined && { postback }) };
}

const buyerKeys = (buyer: Buyer): Keys => keysOf(buyer, buyer.currency ?? DEFAULTS.currency);

function campaignKeys({ sale, stages, ...campaign }: Campaign, contracts: Contract[]): Keys {
  const { currency } = campaign;
  const terms = {
    ...campaign,
    sale: saleKeys(sale),
    ...(stages && { stages: stages.map(saleKeys) }),
  };
  return {
    ...keysOf(terms, currency, ['id']),
    contracts: contracts.map((contract) => keysOf(contract, currency, ['id', 'campaign'])),
  };
}

/** The number of places is written where there can be several. */
const saleKeys = ({ maxBuyers, ...sale }: Sale): object =>
  sale.mode === 'exclusive' ? sale : { ...sale, maxBuyers };

/** Each value in the file's units; what stands above the map in the file is not in it again. */
function keysOf(terms: object, currency: string, without: readonly string[] = []): Keys {
  const valueOf = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown) => valueOf(item, path));
    if (typeof value === 'object' && value !== null) return mapOf(value, `${path}.`);
    if (typeof value !== 'number') return value;
    if (isMoney(path)) return toDecimal(value, currency);
    return isDuration(path) ? formatDuration(value) : value;
  };
  const mapOf = (map: object, before: string): Keys =>
    Object.fromEntries(
      Object.entries(map).flatMap(([key, value]: [string, unknown]) =>
        value === undefined ? [] : [[key, valueOf(value, `${before}${key}`)]],
      ),
    );
  return Object.fromEntries(Object.entries(mapOf(terms, '')).filter(([key]) => !without.includes(key)));
}
