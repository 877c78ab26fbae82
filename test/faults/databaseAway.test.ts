import { afterAll, beforeAll, expect, describe, it, onTestFinished } from 'vitest';
import { startBuyer } from '../support/buyer.js';
import { allLeads, storeMarket } from '../support/market.js';
import { PERSON, sendLead, type Source } from '../support/source.js';
import { openTcpProxy, throughProxy, type TcpProxy } from '../support/tcpProxy.js';
import { holdRequests } from './holdRequests.js';
import { becomesSold, postsOf, wasSoldOnce } from './soldOnce.js';
import { openFaultWorld, type FaultWorld } from './world.js';

describe('the database of a running market becomes unavailable', () => {
  let world: FaultWorld;
  let source: Source;
  let mongodb: TcpProxy;
  /** An API with a way of its own to the database. */
  let idle: { address: string; mongodb: TcpProxy };
  beforeAll(async () => {
    world = await openFaultWorld({ ANSWER_WINDOW_MS: 1000 });
    mongodb = await openTcpProxy(world.settings.MONGODB_URL);
    const other = await openTcpProxy(world.settings.MONGODB_URL);
    const through = (proxy: TcpProxy) => ({
      ...world.settings,
      MONGODB_URL: throughProxy(world.settings.MONGODB_URL, proxy),
    });
    const [{ address }, second] = await Promise.all([
      world.apiHere(through(mongodb)),
      world.apiHere(through(other)),
      world.workerHere(through(mongodb)),
    ]);
    source = { address, key: world.key };
    idle = { address: second.address, mongodb: other };
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([mongodb.close(), idle.mongodb.close()]);
  });

  it('a lead accepted meanwhile is booked once, new leads are rejected completely, and everything recovers by itself', async () => {
    const server = await startBuyer();
    onTestFinished(() => server.close());
    await storeMarket(world.database, { northwind: { server, postTimeoutMs: 20_000 } });
    const posts = holdRequests(server, 'post');
    onTestFinished(() => posts.release());
    const under = await sendLead(source, 'Auto Insurance', PERSON, { prefer: 'respond-async' });
    expect(under.body).toMatchObject({ status: 'pending' });
    await posts.atLeast(1);

    mongodb.cut();
    posts.release();
    const refused = await sendLead(source, 'Auto Insurance', { ...PERSON, zip: '75002' });
    expect([refused.status, refused.body.error]).toEqual([503, 'Service unavailable']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await world.database.leads.countDocuments()).toBe(1);
    expect(await world.database.sales.countDocuments()).toBe(0);

    mongodb.mend();
    const sale = { leadId: String(under.body.lead_id), buyer: 'northwind', price: 2000 };
    await becomesSold(source, sale);
    expect((await world.storyOf(sale.leadId)).status).toBe('sold');
    await wasSoldOnce(world.database, { ...sale, server });

    const next = await sendLead(source, 'Auto Insurance', { ...PERSON, zip: '75003' });
    await becomesSold(source, { ...sale, leadId: String(next.body.lead_id) });
    const zips = (await allLeads(world.database)).map(({ fields }) => fields.zip);
    expect(zips).toEqual([PERSON.zip, '75003']);
  });

  it('a process without requests before the outage also recovers by itself', async () => {
    await storeMarket(world.database, {}, { category: 'Renters' });
    idle.mongodb.cut();
    const other = { address: idle.address, key: world.key };
    const refused = await sendLead(other, 'Renters', { ...PERSON, zip: '75004' });
    expect(refused.status).toBe(503);
    idle.mongodb.mend();
    await expect
      .poll(async () => (await sendLead(other, 'Renters', { ...PERSON, zip: '75004' })).status, {
        timeout: 20_000,
      })
      .toBe(200);
  });

  it('a connection that breaks during the commit leaves one sale without another post', async () => {
    const server = await startBuyer();
    onTestFinished(() => server.close());
    await storeMarket(world.database, { contoso: { server } }, { category: 'Solar' });
    const committed = mongodb.hold('answer', 'commitTransaction');
    const reply = await sendLead(source, 'Solar');
    await committed;
    mongodb.cut();
    mongodb.mend();
    const sale = { leadId: String(reply.body.lead_id), buyer: 'contoso', price: 2000 };
    await becomesSold(source, sale);
    expect((await world.storyOf(sale.leadId)).status).toBe('sold');
    await wasSoldOnce(world.database, { ...sale, server });
    expect(postsOf(server, sale.leadId)).toHaveLength(1);
  });

  it('a silent connection delays its lead, and leads that wait for the same terms, for seconds only', async () => {
    const server = await startBuyer();
    onTestFinished(() => server.close());
    await storeMarket(world.database, { tailwind: { server } }, { category: 'Roofing' });
    const silent = mongodb.hold('request', 'find', 'contracts', 'ACME1234/roofing');
    const replies = await Promise.all([sendLead(source, 'Roofing'), sendLead(source, 'Roofing')]);
    await silent;
    for (const { body } of replies) {
      const sale = { leadId: String(body.lead_id), buyer: 'tailwind', price: 2000 };
      await becomesSold(source, sale, 10_000);
      await wasSoldOnce(world.database, { ...sale, server });
    }
  });
});
