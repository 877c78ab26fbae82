import { expect, test } from 'vitest';
import { compileCampaigns } from '../../../src/market/simulate/compiledCampaigns.js';
import { CAMPAIGN, campaignOf, contractOf, marketOf } from './live.js';

test('Campaigns are compiled with their contracts in the order of the ids', () => {
  const market = marketOf({}, { fabrikam: {}, contoso: {}, tailspin: {}, northwind: {} });
  const compiled = compileCampaigns(market).get(CAMPAIGN);
  expect(compiled?.seller.code).toBe('ACME1234');
  expect(compiled?.contracts.map(({ buyer }) => buyer.id)).toEqual([
    'contoso',
    'fabrikam',
    'northwind',
    'tailspin',
  ]);
});

test('Campaigns without a seller and contracts without a campaign are left out', () => {
  const market = marketOf({}, { northwind: {} });
  const compiled = compileCampaigns({
    ...market,
    campaigns: [...market.campaigns, campaignOf({ id: 'GLOBEX00/boats', seller: 'GLOBEX00' })],
    contracts: [
      ...market.contracts,
      contractOf('northwind', { id: 'elsewhere', campaign: 'INITECH0/solar' }),
    ],
  });
  expect([...compiled.keys()]).toEqual([CAMPAIGN]);
  expect(compiled.get(CAMPAIGN)?.contracts).toHaveLength(1);
});
