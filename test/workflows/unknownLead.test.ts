import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { factsOf } from '../../src/store/leads/leads.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { minutes, storeLead, storeMarket } from '../support/market.js';
import { endOf, openLeadWorld, sdkWarnings, type LeadWorld } from '../support/timeSkipping.js';

let world: LeadWorld;
let northwind: FakeBuyer;

beforeAll(async () => {
  world = await openLeadWorld();
  northwind = await startBuyer({ ping: { status: 204 } });
});
afterAll(async () => {
  await northwind.close();
  await world.close();
});

test('The workflow of a lead that is missing in a restored database fails with the reason, and can be started again', async () => {
  const { database, clock } = world;
  const pending = { retryAfter: [minutes(1)], expireAfter: minutes(60) };
  const campaign = await storeMarket(database, { northwind: { server: northwind } }, { pending });
  const lead = await storeLead(database, campaign);
  const { answer, handle } = await world.submit(lead);
  expect(answer.status).toBe('pending');
  const stored = await database.leads.findOne({ _id: lead._id });
  await database.leads.deleteOne({ _id: lead._id });
  await clock.passUntil(endOf(handle), { step: 1000, grows: true, most: minutes(30) });
  const failure = await handle.result().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect((failure as WorkflowFailedError).cause).toMatchObject({
    type: 'UnknownLead',
    message: `No lead ${lead._id} is stored: the database was restored from an older backup, or is another one`,
  });
  // The SDK hands its log lines over a little later.
  await vi.waitFor(() => expect(sdkWarnings).toContain('Workflow failed'), { timeout: 10_000 });

  // A newer backup contains the lead.
  if (stored === null) throw new Error('the lead was not stored');
  await database.leads.insertOne(stored);
  northwind.answer('ping', { body: { bid: 45 } });
  await world.start(factsOf(lead));
  const again = world.client.workflow.getHandle(handle.workflowId);
  await clock.passUntil(endOf(again), { step: 1000, grows: true, most: minutes(30) });
  expect(await again.result()).toMatchObject({ status: 'sold' });
});
