import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '@temporalio/client';
import { registerSearchAttributes } from '../../src/worker/registerSearchAttributes.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeMarket } from '../support/market.js';
import { sendLead, type Source } from '../support/source.js';
import { openFaultWorld, type FaultWorld } from './world.js';

const LEADS = 200;
const CAP = 50;
const WORKERS = 4;
/** As many of them run in the test's process, and the others each in its own. Each has its own connections. */
const WORKERS_HERE = 3;
const AT_ONCE = 10;

let world: FaultWorld;
let northwind: FakeBuyer;
let source: Source;

beforeAll(async () => {
  world = await openFaultWorld();
  northwind = await startBuyer({ ping: { body: { bid: 20 } } });
  // Long enough, because four starting workers are slow and an open circuit would end the rush.
  const patient = { pingTimeoutMs: 10_000, postTimeoutMs: 20_000 };
  const contract = { caps: { total: CAP } };
  await storeMarket(world.database, { northwind: { server: northwind, ...patient, contract } });
  const connection = await Connection.connect({ address: world.settings.TEMPORAL_ADDRESS });
  await registerSearchAttributes(connection, world.settings.TEMPORAL_NAMESPACE);
  await connection.close();
  const { address } = await world.apiHere();
  source = { address, key: world.key };
});
afterAll(async () => {
  await world.close();
  await northwind.close();
});

/** Whether every lead is sold or waits for its next round. */
const rounds = async (): Promise<Record<string, number>> => {
  const leads = await world.database.leads.find({}, { projection: { status: 1 } }).toArray();
  return Object.fromEntries(
    (['received', 'pending', 'sold'] as const).map((one) => [
      one,
      leads.filter(({ status }) => status === one).length,
    ]),
  );
};

it(`of ${LEADS} concurrent leads, ${WORKERS} workers sell exactly ${CAP} to a buyer with a cap of ${CAP}`, async () => {
  const person = (i: number) => ({
    firstName: 'John',
    lastName: 'Doe',
    state: 'TX',
    phone: `555-123-${1000 + i}`,
  });
  // All of them wait for a worker, and four workers start at the same time.
  for (let i = 0; i < LEADS; i += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, j) => person(i + j));
    const replies = await Promise.all(
      some.map((one) => sendLead(source, 'Auto Insurance', one, { prefer: 'respond-async' })),
    );
    expect(replies.map(({ status }) => status)).toEqual(some.map(() => 200));
  }
  const { processes, settings } = world;
  await Promise.all([
    ...Array.from({ length: WORKERS - WORKERS_HERE }, () => processes.worker(settings)),
    ...Array.from({ length: WORKERS_HERE }, () => world.workerHere()),
  ]);
  await expect
    .poll(rounds, { timeout: 60_000, interval: 250 })
    .toEqual({ received: 0, pending: LEADS - CAP, sold: CAP });

  const { database } = world;
  expect(await database.usage.findOne({ _id: 'ACME1234/auto-insurance/northwind' })).toMatchObject({
    sold: { total: CAP },
  });
  const sales = await database.sales.find().toArray();
  // A post with a late answer is retried under the same id.
  const posted = new Set(northwind.of('post').map(({ body }) => body.post_id));
  expect(posted).toEqual(new Set(sales.map(({ _id }) => _id)));
  expect(sales).toHaveLength(CAP);
});
