import type { Campaign, Market } from '../model/market.js';

export interface ChangedPart {
  kind: 'seller' | 'buyer' | 'campaign' | 'contract';
  id: string;
}

/**
 * The campaigns whose leads a change may affect, in the order of their ids: campaigns that it changes, and those with
 * a seller, a contract or a contract's buyer that it changes. Leads of other campaigns keep their buyers.
 * @param terms the market after the change
 */
export function affectedCampaigns(
  parts: readonly ChangedPart[],
  { campaigns, contracts }: Market,
): Campaign[] {
  const ids = (of: ChangedPart['kind']): Set<string> =>
    new Set(parts.flatMap(({ kind, id }) => (kind === of ? [id] : [])));
  const own = {
    seller: ids('seller'),
    buyer: ids('buyer'),
    campaign: ids('campaign'),
    contract: ids('contract'),
  };
  const byContract = new Set(
    contracts.flatMap(({ id, buyer, campaign }) =>
      own.contract.has(id) || own.buyer.has(buyer) ? [campaign] : [],
    ),
  );
  return campaigns
    .filter(({ id, seller }) => own.campaign.has(id) || own.seller.has(seller) || byContract.has(id))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
