import { readyContracts, type ReadyMarket } from '../eligibility/compileCampaign.js';
import { comparedBuyers } from '../limits/duplicates.js';
import type { Terms } from '../model/market.js';
import type { Contract } from '../model/terms.js';

/** Every campaign of a market, made ready for rounds, by its id; contracts in the order of their ids, as the store reads them. */
export function readyMarkets({ sellers, buyers, campaigns, contracts }: Terms): Map<string, ReadyMarket> {
  const sellerOf = new Map(sellers.map((seller) => [seller.code, seller]));
  const buyerOf = new Map(buyers.map((buyer) => [buyer.id, buyer]));
  const byCampaign = new Map(campaigns.map(({ id }) => [id, [] as Contract[]]));
  for (const contract of [...contracts].sort((a, b) => (a.id < b.id ? -1 : 1)))
    byCampaign.get(contract.campaign)?.push(contract);
  const compared = comparedBuyers(campaigns, contracts);
  return new Map(
    campaigns.flatMap((campaign): [string, ReadyMarket][] => {
      const seller = sellerOf.get(campaign.seller);
      if (!seller) return [];
      const ready = readyContracts(campaign, byCampaign.get(campaign.id) ?? [], buyerOf);
      return [[campaign.id, { seller, campaign, contracts: ready, compared }]];
    }),
  );
}
