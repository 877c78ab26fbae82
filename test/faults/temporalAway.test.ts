import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { minutes, storeMarket } from '../support/market.js';
import { leadNow, PERSON, sendLead, withdrawLead, type Reply, type Source } from '../support/source.js';
import { holdRequests } from './holdRequests.js';
import { startOwnServers, type OwnServers } from './ownServers.js';
import { becomesSold, wasSoldOnce } from './soldOnce.js';
import { openFaultWorld, type FaultWorld } from './world.js';

const WINDOW_MS = 2000;
/** Where a test is not about the answer window. */
const AT_ONCE = { prefer: 'respond-async' };

/** Five concurrent leads share one outage. The worker and the remaining API are not restarted. */
describe('Temporal of a running market is killed', () => {
  let temporal: OwnServers;
  let world: FaultWorld;
  let source: Source;
  let server: FakeBuyer;
  let seller: FakeBuyer;
  let waiting: Reply;
  let posting: Reply;
  let during: Reply;
  let left: Reply;
  let withdrawn: Reply;

  beforeAll(async () => {
    temporal = await startOwnServers(['temporal']);
    const { TEMPORAL_ADDRESS } = temporal.addresses;
    world = await openFaultWorld({ ANSWER_WINDOW_MS: WINDOW_MS, TEMPORAL_ADDRESS });
    const { settings, database, processes } = world;
    const [{ address }, dying] = await Promise.all([
      world.apiHere(),
      processes.api(settings),
      world.workerHere(),
    ]);
    source = { address, key: world.key };
    server = await startBuyer();
    const sale = { mode: 'exclusive', maxBuyers: 1, floor: 2000, award: 'highestBid' } as const;
    const northwind = { server, postTimeoutMs: 20_000 };
    await storeMarket(database, { northwind }, { sale });
    const pending = { retryAfter: [4000], expireAfter: minutes(60) };
    await storeMarket(database, { contoso: { server } }, { category: 'Solar', sale, pending });

    seller = await startBuyer();
    const told = { postbacks: [seller.url], secret: seller.secret };
    await database.sellers.updateOne({ _id: 'ACME1234' }, { $set: told });

    server.answer('ping', { body: { bid: 19 } });
    waiting = await sendLead(source, 'Solar');
    // On a slow machine it is answered before the end of its round.
    const withRound = { _id: String(waiting.body.lead_id), 'rounds.1': { $exists: true } };
    await vi.waitUntil(async () => (await database.leads.countDocuments(withRound)) === 1, {
      timeout: 20_000,
    });
    server.answer('ping', { body: { bid: 20 } });
    const posts = holdRequests(server, 'post');
    posting = await sendLead(source, 'Auto Insurance', PERSON, AT_ONCE);
    await posts.atLeast(1);

    await temporal.kill();
    posts.release();
    during = await sendLead(source, 'Auto Insurance');
    const { body } = await sendLead(source, 'Auto Insurance', PERSON, AT_ONCE);
    withdrawn = await withdrawLead(source, String(body.lead_id));
    left = await sendLead({ ...source, address: dying.address }, 'Auto Insurance', PERSON, AT_ONCE);
    await dying.kill();
    await temporal.restart();
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([server.close(), seller.close()]);
    await temporal.close();
  });

  const saleOf = ({ body }: Reply, buyer: string) => ({
    leadId: String(body.lead_id),
    buyer,
    price: 2000,
    server,
  });

  async function isSold(reply: Reply, buyer = 'northwind'): Promise<void> {
    expect(reply.body).toMatchObject({ success: true, status: 'pending' });
    const sale = saleOf(reply, buyer);
    await becomesSold(source, sale, 60_000);
    expect((await world.storyOf(sale.leadId)).status).toBe('sold');
    await wasSoldOnce(world.database, sale);
  }

  it('a lead received meanwhile is pending within the answer window, and sold when Temporal is back', async () => {
    expect(during.ms).toBeLessThan(WINDOW_MS + 1000);
    await isSold(during);
  });

  it('a lead whose API is killed before Temporal is back is sold all the same', () => isSold(left));

  it('a lead withdrawn meanwhile is withdrawn at once, and the seller is notified when Temporal is back', async () => {
    expect(withdrawn.body).toMatchObject({ status: 'withdrawn' });
    const { lead_id } = withdrawn.body;
    const heard = () => seller.of('lead.withdrawn').filter(({ body }) => body.lead_id === lead_id);
    await expect.poll(heard, { timeout: 60_000 }).toHaveLength(1);
    expect(await leadNow(source, String(lead_id))).toMatchObject({ status: 'withdrawn' });
    await expect
      .poll(() => world.database.leads.countDocuments({ _id: String(lead_id), dueAt: { $exists: true } }), {
        timeout: 20_000,
      })
      .toBe(0);
  });

  it('a lead in a post is sold to that buyer', () => isSold(posting));

  it('a waiting lead is sold in its next round', async () => {
    await isSold(waiting, 'contoso');
    const { rounds } = await world.storyOf(String(waiting.body.lead_id));
    expect(rounds.length).toBeGreaterThan(1);
  });

  it('the next lead is sold in the call', async () => {
    const reply = await sendLead(source, 'Auto Insurance');
    expect(reply.body).toMatchObject({ status: 'sold' });
    expect(await leadNow(source, String(reply.body.lead_id))).toMatchObject({ status: 'sold', price: 20 });
  });
});
