import { expect, test } from 'vitest';
import { affectedCampaigns, type ChangedPart } from '../../../src/market/simulate/concerned.js';
import { buyerOf, campaignOf, contractOf, marketOf } from './live.js';

const BOATS = 'GLOBEX00/boats';
const auto = marketOf({}, { northwind: {}, fabrikam: {} });
const terms = {
  ...auto,
  buyers: [...auto.buyers, buyerOf('contoso')],
  campaigns: [...auto.campaigns, campaignOf({ id: BOATS, seller: 'GLOBEX00', category: 'Boats' })],
  contracts: [...auto.contracts, contractOf('northwind', { id: `${BOATS}/northwind`, campaign: BOATS })],
};
const AUTO = 'ACME1234/auto-insurance';

test.each<[string, ChangedPart, string[]]>([
  ['a campaign: itself', { kind: 'campaign', id: BOATS }, [BOATS]],
  ['a contract: its campaign', { kind: 'contract', id: `${AUTO}/fabrikam` }, [AUTO]],
  ['a buyer: those with its contracts', { kind: 'buyer', id: 'northwind' }, [AUTO, BOATS]],
  ['a buyer without a contract: none', { kind: 'buyer', id: 'contoso' }, []],
  ['a seller: its own', { kind: 'seller', id: 'GLOBEX00' }, [BOATS]],
  ['a seller that has the id of a campaign: none', { kind: 'seller', id: BOATS }, []],
])('A change concerns the campaigns of %s', (_of, part, campaigns) => {
  expect(affectedCampaigns([part], terms).map(({ id }) => id)).toEqual(campaigns);
  const reversed = { ...terms, campaigns: terms.campaigns.toReversed() };
  expect(affectedCampaigns([part], reversed).map(({ id }) => id)).toEqual(campaigns);
});
