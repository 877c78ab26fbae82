import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setPause } from '../../src/store/market/pauses.js';
import { openConnection } from '../../src/temporal/connection.js';
import { MARKET_CHANGED_SIGNAL, workflowId } from '../../src/temporal/names.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { NOTIFIED_PER_SECOND } from '../../src/worker/signalMarketChanges.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument, contractDocument } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld } from './world.js';

const WAITING = 40;

describe('a market change that affects many waiting leads', () => {
  let world: ApiWorld;
  let worker: RunningWorker;
  let northwind: FakeBuyer;
  let connection: ReturnType<typeof openConnection>;
  let client: Client;

  beforeAll(async () => {
    world = await openApiWorld();
    const { database, settings } = world;
    northwind = await startBuyer({ ping: { body: { bid: 45 } } });
    await database.buyers.insertOne({
      ...buyerDocument('northwind', northwind),
      ping: { url: northwind.url, timeoutMs: 2000 },
    });
    await database.contracts.insertOne(
      contractDocument('ACME1234/auto-insurance', 'northwind', { active: false }),
    );
    worker = await workerOf(settings);
    connection = openConnection(settings);
    client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE });
  });
  afterAll(async () => {
    await worker.stop();
    await northwind.close();
    await connection.close();
    await world.close();
  });

  const count = (status: 'pending' | 'sold', leads: number) =>
    expect
      .poll(() => world.database.leads.countDocuments({ status }), { timeout: 30_000, interval: 100 })
      .toBe(leads);

  /** When the lead's workflow was signalled, by the server's clock, ms. */
  async function notifiedAt(leadId: string): Promise<number[]> {
    const { events } = await client.workflow.getHandle(workflowId(leadId)).fetchHistory();
    return (events ?? []).flatMap(({ eventTime, workflowExecutionSignaledEventAttributes: signal }) =>
      signal?.signalName === MARKET_CHANGED_SIGNAL
        ? [Number(eventTime?.seconds) * 1000 + Number(eventTime?.nanos) / 1e6]
        : [],
    );
  }

  it('wakes them in the order of receipt at a bounded rate, and a new lead is sold meanwhile', async () => {
    const waiting: string[] = [];
    for (let i = 0; i < WAITING; i++) waiting.push(String((await sendLead(world)).body.lead_id));
    await count('pending', WAITING);
    const contract = { seller: 'ACME1234', category: 'Auto Insurance', buyer: 'northwind' };
    const by = { who: 'dana', via: 'cli' } as const;
    await setPause(world.database, { kind: 'contract', ...contract }, { active: true }, by);
    await expect.poll(() => northwind.of('post').length, { timeout: 20_000 }).toBeGreaterThan(0);
    const { body } = await sendLead(world, SAMPLE, { prefer: '' });
    const answered = Date.now();
    expect(body).toMatchObject({ status: 'sold', price: 45 });
    await count('sold', WAITING + 1);

    const times = await Promise.all(waiting.map(notifiedAt));
    expect(times.map(({ length }) => length)).toEqual(waiting.map(() => 1));
    const inOrder = times.flat();
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    const [first = 0, last = 0] = [inOrder[0], inOrder.at(-1)];
    expect((WAITING - 1) / ((last - first) / 1000)).toBeLessThan(NOTIFIED_PER_SECOND * 1.05);
    expect(answered).toBeLessThan(last);
    await expect.poll(() => world.database.marketChanges.countDocuments()).toBe(0);
  });
});
