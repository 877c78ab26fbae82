import { compileContracts, type CompiledCampaign } from '../eligibility/compileCampaign.js';
import { comparedBuyers } from '../limits/duplicates.js';
import type { Contract, Market } from '../model/market.js';

/** Compiles every campaign of a market, by its id. Contracts are in the order of their ids, as the store reads them. */
export function compileCampaigns({
  sellers,
  buyers,
  campaigns,
  contracts,
}: Market): Map<string, CompiledCampaign> {
  const sellerOf = new Map(sellers.map((seller) => [seller.code, seller]));
  const buyerOf = new Map(buyers.map((buyer) => [buyer.id, buyer]));
  const byCampaign = new Map(campaigns.map(({ id }) => [id, [] as Contract[]]));
  for (const contract of [...contracts].sort((a, b) => (a.id < b.id ? -1 : 1)))
    byCampaign.get(contract.campaign)?.push(contract);
  const compared = comparedBuyers(campaigns, contracts);
  return new Map(
    campaigns.flatMap((campaign): [string, CompiledCampaign][] => {
      const seller = sellerOf.get(campaign.seller);
      if (!seller) return [];
      const ready = compileContracts(campaign, byCampaign.get(campaign.id) ?? [], buyerOf);
      return [[campaign.id, { seller, campaign, contracts: ready, compared }]];
    }),
  );
}
