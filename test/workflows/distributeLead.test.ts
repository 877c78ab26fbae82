import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';

describe('a lead’s life', () => {
  let world: LeadWorld;
  let northwind: FakeBuyer;
  let fabrikam: FakeBuyer;

  beforeAll(async () => {
    world = await openLeadWorld();
    northwind = await startBuyer();
    fabrikam = await startBuyer();
  });

  afterAll(async () => {
    await Promise.all([northwind.close(), fabrikam.close()]);
    await world.close();
  });

  beforeEach(async () => {
    for (const name of ['campaigns', 'contracts', 'buyers', 'leads', 'sales', 'ledger'] as const) {
      await world.database.db.collection(name).deleteMany({});
    }
    northwind.received.length = 0;
    fabrikam.received.length = 0;
    northwind.answer('ping', { body: { bid: 45 } });
    northwind.answer('post', { body: { accepted: true } });
    fabrikam.answer('post', { body: { accepted: true } });
  });

  it('sells to the highest bidder in the call', async () => {
    const campaign = await storeMarket(world.database, {
      northwind: { server: northwind },
      fabrikam: { server: fabrikam, pinged: false, contract: { price: 1250 } },
    });
    const lead = await storeLead(world.database, campaign);
    const { answer, handle } = await world.submit(lead);
    expect(answer).toEqual({ status: 'sold', price: 4500, currency: 'USD', buyerIds: ['northwind'] });
    const result = await handle.result();
    expect(result.status).toBe('sold');
  });
});
