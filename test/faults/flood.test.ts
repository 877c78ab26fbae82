import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLoop } from '../bench/openLoop.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { contractDocument, sellerDocument, storeMarket } from '../support/market.js';
import { PERSON, sendLead, type Source } from '../support/source.js';
import { openFaultWorld, type FaultWorld } from './world.js';

/** Ten times the capacity of the seller's share. */
const FLOOD_PER_SECOND = 50;

// `npm run bench -- --overload` measures the same at a larger scale; this takes half a minute of both cores.
describe.runIf(process.env.MEASURE === 'yes')('one seller sends far more than the capacity', () => {
  let world: FaultWorld;
  let buyer: FakeBuyer;
  let other: Source;
  let flooder: Source;
  let api: Awaited<ReturnType<FaultWorld['processes']['api']>>;
  beforeAll(async () => {
    buyer = await startBuyer();
    world = await openFaultWorld({ RATE_LIMIT_PER_MINUTE: 1_000_000 });
    const campaign = await storeMarket(world.database, { northwind: { server: buyer } });
    await world.database.sellers.insertOne(sellerDocument('FLOOD000', 'flood', 'Flood'));
    const theirs = { ...campaign, _id: 'FLOOD000/auto-insurance', seller: 'FLOOD000' };
    await world.database.campaigns.insertOne(theirs);
    await world.database.contracts.insertOne(contractDocument(theirs._id, 'northwind'));
    api = await world.processes.api(world.settings);
    await world.processes.worker(world.settings);
    const { key } = await createKey(world.database, { seller: 'FLOOD000', test: false });
    other = { address: api.address, key: world.key };
    flooder = { address: api.address, key };
  });
  afterAll(async () => {
    await world.close();
    await buyer.close();
  });

  /** Sends some leads one after another; resolves with their times to sale, ms. */
  async function sell(count: number): Promise<number[]> {
    const took: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const reply = await sendLead(other, 'Auto Insurance');
      expect(reply.body).toMatchObject({ success: true, status: 'sold', price: 20 });
      took.push(reply.ms);
    }
    return took;
  }

  async function flooding() {
    const lead = { ...PERSON, seller: 'FLOOD000' };
    const { status, body } = await sendLead(flooder, 'Auto Insurance', lead);
    return { status, body };
  }

  it('leads of another seller take at most twice as long, and all leads are accepted', async () => {
    await sell(5);
    const ratios: number[] = [];
    const answers: Awaited<ReturnType<typeof flooding>>[] = [];
    // In short alternating turns, so that other load slows both alike.
    for (let turn = 0; turn < 5; turn += 1) {
      const alone = median(await sell(6));
      const flood = openLoop(FLOOD_PER_SECOND, flooding);
      await sleep(200);
      ratios.push(median(await sell(6)) / alone);
      answers.push(...(await flood.stop()));
    }
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const sold = answers.filter(({ body }) => body.status === 'sold').length;
    const sales = await world.database.sales.countDocuments({ seller: 'FLOOD000' });
    expect(sales).toBeGreaterThanOrEqual(sold);
    expect(await world.database.leads.countDocuments({ seller: 'FLOOD000' })).toBe(answers.length);

    // Other load makes a turn look worse than it is. Without shares, no lead is answered in time.
    expect(Math.min(...ratios)).toBeLessThan(2);
  }, 180_000);
});

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
