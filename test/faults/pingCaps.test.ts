import { afterAll, beforeAll, expect, it } from 'vitest';
import { Connection } from '@temporalio/client';
import { endPing } from '../../src/store/sales/pings.js';
import { registerSearchAttributes } from '../../src/worker/registerSearchAttributes.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import type { GavelProcess } from '../support/gavelProcesses.js';
import { storeMarket } from '../support/market.js';
import { openFaultWorld, type FaultWorld } from './world.js';

const CAP = 20;
const PINGS = 60;
const AT_ONCE = 10;
/** How long bids are valid, and with them the pings. */
const BID_MS = 5000;

let world: FaultWorld;
let northwind: FakeBuyer;
let address: string;
let killed: GavelProcess;

beforeAll(async () => {
  world = await openFaultWorld({ ANSWER_WINDOW_MS: 20_000 });
  northwind = await startBuyer({ ping: { body: { bid: 20, expires_in_ms: BID_MS } } });
  const patient = { pingTimeoutMs: 10_000, postTimeoutMs: 20_000 };
  await storeMarket(world.database, {
    northwind: { server: northwind, ...patient, contract: { caps: { total: CAP } } },
  });
  const connection = await Connection.connect({ address: world.settings.TEMPORAL_ADDRESS });
  await registerSearchAttributes(connection, world.settings.TEMPORAL_NAMESPACE);
  await connection.close();
  [{ address }, killed] = await Promise.all([
    world.apiHere(),
    world.processes.worker(world.settings),
    world.workerHere(),
  ]);
});
afterAll(async () => {
  await world.close();
  await northwind.close();
});

const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const response = await fetch(address + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ seller: 'ACME1234', category: 'Auto Insurance', state: 'TX', ...body }),
  });
  return (await response.json()) as Record<string, unknown>;
};

/** Sends a lead with every second promise; the others expire. */
async function pingAndSell(number: number): Promise<void> {
  const { ping_id } = await post('/api/pings', {});
  if (ping_id === undefined || number % 2 === 0) return;
  const person = { firstName: 'John', lastName: 'Doe', phone: `214-555-${1000 + number}` };
  await post('/api/leads', { ...person, ping_id });
}

it(`a cap of ${CAP} is exact, and free again after the last ping, although a worker is killed`, async () => {
  const all: Promise<void>[] = [];
  for (let i = 0; i < PINGS; i += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, j) => pingAndSell(i + j));
    all.push(...some);
    // Temporal repeats the killed worker's tasks 10 s later.
    if (i === AT_ONCE) await killed.kill();
    else await Promise.all(some);
  }
  await Promise.all(all);
  const { database } = world;
  const unused = () => database.pings.countDocuments({ status: { $ne: 'used' } });
  await expect.poll(unused, { timeout: 60_000, interval: 250 }).toBe(0);
  const unread = () => database.leads.countDocuments({ status: 'received' });
  await expect.poll(unread, { timeout: 60_000, interval: 250 }).toBe(0);
  // The last minute of the used ones, which their workflows wait for.
  const used = await database.pings.find({}, { projection: { _id: 1 } }).toArray();
  for (const { _id } of used) await endPing(database, _id, { isLast: true });
  const counted = () => database.usage.findOne({ _id: 'ACME1234/auto-insurance/northwind' });
  /** Reservations of pings and of posts; those of booked sales are confirmed later, and count already. */
  const unsettled = async () => {
    const booked = new Set(await database.sales.distinct('_id'));
    return Object.keys((await counted())?.reserved ?? {}).filter((id) => !booked.has(id));
  };
  await expect.poll(unsettled, { timeout: 60_000, interval: 250 }).toEqual([]);
  const sales = await database.sales.find().toArray();
  expect(sales.length).toBeGreaterThan(0);
  expect(sales.length).toBeLessThanOrEqual(CAP);
  expect((await counted())?.sold).toEqual({ total: sales.length });
  const posted = new Set(northwind.of('post').map(({ body }) => body.post_id));
  expect(posted).toEqual(new Set(sales.map(({ _id }) => _id)));
  const rest = await Promise.all(
    Array.from({ length: CAP - sales.length }, (_, i) =>
      post('/api/leads', { firstName: 'Ann', lastName: 'Roe', phone: `972-555-${1000 + i}` }),
    ),
  );
  expect(rest.map(({ status }) => status)).toEqual(rest.map(() => 'sold'));
  expect((await counted())?.sold).toEqual({ total: CAP });
}, 180_000);
