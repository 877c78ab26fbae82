import { afterAll, beforeAll, expect, it } from 'vitest';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument, minutes, storeLead, storeMarket } from '../support/market.js';
import { endOf, openLeadWorld, type LeadWorld } from '../support/timeSkipping.js';

let world: LeadWorld;
let northwind: FakeBuyer;
let fabrikam: FakeBuyer;

beforeAll(async () => {
  world = await openLeadWorld();
  [northwind, fabrikam] = await Promise.all([startBuyer({ ping: { status: 204 } }), startBuyer()]);
});
afterAll(async () => {
  await Promise.all([northwind.close(), fabrikam.close()]);
  await world.close();
});

it('An orphaned post of a dead worker is cancelled, so that its lead can end', async () => {
  const { database, clock } = world;
  const pending = { retryAfter: [minutes(1)], expireAfter: minutes(3) };
  const campaign = await storeMarket(database, { northwind: { server: northwind } }, { pending });
  await database.buyers.insertOne(buyerDocument('fabrikam', fabrikam));
  const contract = `${campaign._id}/fabrikam`;
  const terms = { buyer: 'fabrikam', exclusive: true, price: 4500, earns: 4500 };
  const at = new Date(Date.now() - minutes(5));
  const lead = await storeLead(database, campaign, {
    claims: { [contract]: { postId: 'post-1', status: 'posting', round: 1, at, ...terms } },
    claimed: 1,
    claimedAlone: true,
  });
  const { answer, handle } = await world.submit(lead);
  expect(answer.status).toBe('pending');
  await clock.passUntil(endOf(handle), { step: 1000, grows: true, most: minutes(60) });
  expect((await handle.result()).status).toBe('expired');
  expect(fabrikam.received.map(({ body }) => [body.type, body.post_id])).toEqual([
    ['post_cancelled', 'post-1'],
  ]);
  expect((await findStoredLead(database, lead._id))?.claims[contract]?.status).toBe('cancelled');
});
