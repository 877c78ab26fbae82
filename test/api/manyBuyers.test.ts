import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld } from './world.js';

/** This number of ids with 64 characters exceeds the size of a search attribute. */
const BUYERS = 34;

describe.each([
  ['short ids', (i: number) => `buyer-${i}`],
  ['ids of 64 characters', (i: number) => `buyer-${i}-`.padEnd(64, 'x')],
])('a shared lead that is bought by 34 buyers with %s', (_ids, idOf) => {
  const ids = Array.from({ length: BUYERS }, (_, i) => idOf(i));
  let world: ApiWorld;
  let worker: RunningWorker;
  let buyer: FakeBuyer;
  let crm: FakeBuyer;

  beforeAll(async () => {
    // Three times the usual window, because on two busy cores the posts alone take a second.
    world = await openApiWorld({ ANSWER_WINDOW_MS: 9000 });
    [buyer, crm] = await Promise.all([startBuyer(), startBuyer()]);
    const contract = { server: buyer, pinged: false, postTimeoutMs: 8000, contract: { price: 2000 } };
    await storeMarket(world.database, Object.fromEntries(ids.map((id) => [id, contract])), {
      category: 'Renters',
      sale: { mode: 'shared', maxBuyers: BUYERS, floor: 100, award: 'highestBid' },
    });
    await world.database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { postbacks: [crm.url] } });
    worker = await workerOf(world.settings);
  });
  afterAll(async () => {
    await worker.stop();
    await Promise.all([buyer.close(), crm.close()]);
    await world.close();
  });

  test('is sold to all of them in the call, its workflow ends, and its seller gets one postback', async () => {
    const { body } = await sendLead(world, { ...SAMPLE, category: 'Renters' }, { prefer: '' });
    expect(body).toMatchObject({ status: 'sold', price: 20 * BUYERS });
    expect(new Set(body.buyer_ids as string[])).toEqual(new Set(ids));
    const leadId = String(body.lead_id);
    expect(await world.database.sales.countDocuments({ lead: leadId })).toBe(BUYERS);
    const connection = await Connection.connect({ address: world.settings.TEMPORAL_ADDRESS });
    const client = new Client({ connection, namespace: world.settings.TEMPORAL_NAMESPACE });
    expect(await client.workflow.getHandle(workflowId(leadId)).result()).toMatchObject({ status: 'sold' });
    await connection.close();
    expect(crm.of('lead.sold').map((told) => told.body.lead_id)).toEqual([leadId]);
  });
});
