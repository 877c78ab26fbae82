import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import type { CampaignDocument, ContractDocument } from '../../src/store/documents.js';
import { endPing } from '../../src/store/sales/pings.js';
import { startBuyer, type Behaviours, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument, contractDocument, storeMarket } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

let world: ApiWorld;
let worker: RunningWorker;
const buyers: FakeBuyer[] = [];
beforeAll(async () => {
  world = await openApiWorld();
  worker = await workerOf(world.settings);
});
afterAll(async () => {
  await worker.stop();
  await world.close();
});
afterEach(async () => {
  await Promise.all(buyers.splice(0).map((buyer) => buyer.close()));
});

interface Terms {
  ping?: Behaviours;
  contract?: Partial<ContractDocument>;
}

let campaigns = 0;

/** A campaign of its own with these buyers, which are named after it. */
async function market(
  terms: Record<string, Terms>,
  campaign: Partial<CampaignDocument> = {},
): Promise<{ category: string; buyers: Record<string, FakeBuyer>; idOf: (buyer: string) => string }> {
  campaigns += 1;
  const number = campaigns;
  const category = `Pinged ${number}`;
  const { _id } = await storeMarket(world.database, {}, { ...campaign, category });
  const servers: Record<string, FakeBuyer> = {};
  const idOf = (name: string): string => `${name}${number}`;
  for (const [name, { ping = { body: { bid: 20 } }, contract }] of Object.entries(terms)) {
    const server = await startBuyer({ ping });
    buyers.push(server);
    servers[name] = server;
    const asked = { url: server.url, timeoutMs: 2000 };
    await world.database.buyers.insertOne({ ...buyerDocument(idOf(name), server), ping: asked });
    await world.database.contracts.insertOne(contractDocument(_id, idOf(name), contract));
  }
  return { category, buyers: servers, idOf };
}

const bids = (bid: number, more: object = {}): Terms => ({ ping: { body: { bid, ...more } } });

const FACTS = { seller: 'ACME1234', state: 'TX', zip: '75001' };

const post = (path: string, body: object, key = world.key): Promise<Reply> =>
  request({ ...world, key }, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const ping = (category: string, facts: object = FACTS, key?: string): Promise<Reply> =>
  post('/api/pings', { ...FACTS, ...facts, category }, key);

let persons = 0;

/** A lead of another person each. */
function leadOf(category: string, pingId: unknown, more: object = {}): object {
  persons += 1;
  const phone = `214-555-${String(1000 + persons)}`;
  return { ...SAMPLE, ...FACTS, category, phone, email: `p${persons}@example.com`, ping_id: pingId, ...more };
}

const send = (lead: object, headers: Record<string, string> = {}): Promise<Reply> =>
  sendLead(world, lead, { prefer: '', ...headers });

const usageOf = (category: string, buyer: string) =>
  world.database.usage.findOne({ _id: `ACME1234/${category.toLowerCase().replace(' ', '-')}/${buyer}` });

describe('a ping', () => {
  it('is answered with the best price, and its lead is sold to that bidder at that price', async () => {
    const {
      category,
      buyers: { northwind, contoso },
      idOf,
    } = await market({ northwind: bids(45), contoso: bids(30) });
    const asked = await ping(category);
    expect(asked.status).toBe(200);
    expect(asked.body).toEqual({
      success: true,
      status: 'promised',
      ping_id: expect.stringMatching(/^gpi_/) as string,
      price: 45,
      expires_at: expect.any(String) as string,
    });
    expect(await world.database.leads.countDocuments({ category })).toBe(0);
    const sold = await send(leadOf(category, asked.body.ping_id));
    expect(sold.body).toEqual({
      success: true,
      lead_id: sold.body.lead_id,
      status: 'sold',
      price: 45,
      promised_price: 45,
      buyer_ids: [idOf('northwind')],
    });
    // The buyers were asked once, and the post names the ping that was bid on.
    expect([northwind?.of('ping').length, contoso?.of('ping').length]).toEqual([1, 1]);
    const [asking] = northwind?.of('ping') ?? [];
    const [posted] = northwind?.of('post') ?? [];
    expect(posted?.body.ping_id).toBe(asking?.body.ping_id);
    const { body } = await request(world, `/api/leads/${String(sold.body.lead_id)}`);
    expect(body).toMatchObject({ status: 'sold', price: 45, promised_price: 45 });
  });

  it('without a bid says why, and has no ping_id', async () => {
    const { category } = await market({ northwind: { ping: { body: { bid: null } } } });
    expect((await ping(category)).body).toEqual({ success: true, status: 'no_price', reason: 'no_bid' });
    const nobody = await market({});
    expect((await ping(nobody.category)).body).toMatchObject({
      status: 'no_price',
      reason: 'no_buyer_eligible',
    });
  });

  it.each([
    ['firstName', 'Ann'],
    ['last_name', 'Roe'],
    ['Phone Number', '214-555-0187'],
    ['email', 'ann@example.com'],
    ['full_name', 'Ann Roe'],
  ])('with the person’s %s is refused, and nobody is asked', async (field, value) => {
    const {
      category,
      buyers: { northwind },
    } = await market({ northwind: bids(45) });
    const refused = await ping(category, { [field]: value });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        error: 'Invalid field',
        fields: [{ field, problem: 'names the person; leave it out of a ping' }],
      },
    });
    expect(northwind?.received).toEqual([]);
  });

  it('reports all faults, and requires what the campaign requires besides the person', async () => {
    const { category } = await market({ northwind: bids(45) });
    const { status, body } = await post('/api/pings', { seller: 'ACME1234', category, phone: '1' });
    expect([status, body.error]).toEqual([400, 'Missing required field']);
    expect(body.fields).toEqual([
      { field: 'phone', problem: 'names the person; leave it out of a ping' },
      { field: 'state', problem: 'missing' },
    ]);
  });

  it('sends no buyer anything about the person, and stores nothing of it', async () => {
    const {
      category,
      buyers: { northwind },
    } = await market({ northwind: bids(45) });
    await ping(category);
    expect(Object.keys(northwind?.of('ping')[0]?.body ?? {})).not.toContain('phone_hash');
    const stored = await world.database.pings.findOne({ 'lead.category': category });
    expect(stored?.lead).toMatchObject({ fields: { state: 'TX', zip: '75001' }, match: {} });
  });

  it('has a rate limit of its own, as high as that of leads', async () => {
    const { category } = await market({ northwind: bids(45) });
    const key = await world.keyFor({ limit: 1 });
    expect((await ping(category, {}, key)).status).toBe(200);
    const limited = await ping(category, {}, key);
    expect([limited.status, limited.body.message]).toEqual([
      429,
      expect.stringMatching(/^This key may send 1 ping per minute\. /),
    ]);
    expect((await sendLead({ ...world, key }, leadOf(category, undefined))).status).toBe(200);
  });
});

describe('the promise of a ping', () => {
  it('keeps a refused lead from bidders below it', async () => {
    const {
      category,
      buyers: { northwind, contoso },
    } = await market({ northwind: bids(45), contoso: bids(30) });
    northwind?.answer('post', { body: { accepted: false } });
    const { body: asked } = await ping(category);
    const unsold = await send(leadOf(category, asked.ping_id));
    expect(unsold.body).toMatchObject({ status: 'pending', promised_price: 45 });
    expect(contoso?.of('post')).toEqual([]);
    const lead = await world.database.leads.findOne({ _id: String(unsold.body.lead_id) });
    expect(lead?.rounds[1]?.terms.promised).toBe(4500);
  });

  it('lets a refused lead go to a bidder at the same price', async () => {
    const {
      category,
      buyers: { northwind, contoso },
      idOf,
    } = await market({
      northwind: bids(45),
      contoso: bids(45),
    });
    const { body: asked } = await ping(category);
    const reserved = await world.database.pings.findOne({ 'lead.category': category });
    const first = reserved?.promise?.reserved[0]?.buyer;
    const [promised, other, name] =
      first === idOf('northwind') ? [northwind, contoso, 'contoso'] : [contoso, northwind, 'northwind'];
    promised?.answer('post', { body: { accepted: false } });
    const { body } = await send(leadOf(category, asked.ping_id));
    expect(body).toMatchObject({ status: 'sold', price: 45, buyer_ids: [idOf(name)] });
    expect(other?.of('post')).toHaveLength(1);
  });

  it('counts what the seller earns, not what the buyer pays', async () => {
    const { category } = await market({ northwind: bids(50) }, { margin: { percent: 20 } });
    const { body: asked } = await ping(category);
    expect(asked.price).toBe(40);
    expect((await send(leadOf(category, asked.ping_id))).body).toMatchObject({ status: 'sold', price: 40 });
  });

  it('is the sum of the places of a shared lead', async () => {
    const { category } = await market(
      { northwind: bids(45), contoso: bids(30), fabrikam: bids(15) },
      { sale: { mode: 'shared', maxBuyers: 2, floor: 1000, award: 'highestBid' } },
    );
    const { body: asked } = await ping(category);
    expect(asked.price).toBe(75);
    const { body } = await send(leadOf(category, asked.ping_id));
    expect(body).toMatchObject({ status: 'sold', price: 75, promised_price: 75 });
  });

  it('does not bind a buyer that excludes the person: the lead goes to another one at or above it, or waits', async () => {
    const rule = { by: ['phone' as const], match: 'any' as const, per: 'buyer' as const, withinDays: 30 };
    const {
      category,
      buyers: { northwind },
    } = await market({
      northwind: { ...bids(45), contract: { duplicates: rule } },
      contoso: bids(30),
    });
    const before = leadOf(category, undefined, { phone: '214-555-9999' });
    expect((await send(before)).body).toMatchObject({ status: 'sold' });
    const { body: asked } = await ping(category);
    const again = await send(leadOf(category, asked.ping_id, { phone: '214-555-9999' }));
    expect(again.body).toMatchObject({ status: 'pending', promised_price: 45 });
    expect(northwind?.of('post')).toHaveLength(1);
  });

  it('ends with the first bid that expires', async () => {
    const { category } = await market({ northwind: bids(45, { expires_in_ms: 5000 }) });
    const { body } = await ping(category);
    const leftMs = Date.parse(String(body.expires_at)) - Date.now();
    expect(leftMs).toBeGreaterThan(3000);
    expect(leftMs).toBeLessThanOrEqual(5000);
  });
});

describe('a ping_id', () => {
  const refused = async (lead: object, headers?: Record<string, string>): Promise<unknown[]> => {
    const before = await world.database.leads.countDocuments();
    const { status, body } = await send(lead, headers);
    expect(await world.database.leads.countDocuments()).toBe(before);
    return [status, body.error];
  };

  it('is for one lead', async () => {
    const {
      category,
      buyers: { northwind },
    } = await market({ northwind: bids(45) });
    const { body: asked } = await ping(category);
    const replies = await Promise.all(Array.from({ length: 6 }, () => send(leadOf(category, asked.ping_id))));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 410, 410, 410, 410, 410]);
    expect(await refused(leadOf(category, asked.ping_id))).toEqual([410, 'Ping over']);
    expect(northwind?.of('post')).toHaveLength(1);
  });

  it('may be sent again with its lead', async () => {
    const { category } = await market({ northwind: bids(45) });
    const { body: asked } = await ping(category);
    const lead = leadOf(category, asked.ping_id);
    const headers = { 'idempotency-key': `ping ${category}` };
    const first = await send(lead, headers);
    const second = await send(lead, headers);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(second.body).toEqual(first.body);
  });

  it.each<[string, (pingId: string) => string]>([
    ['a later time', (id) => id.replace(/\.\d{13}\./, '.9999999999999.')],
    ['another ping', (id) => id.replace(/^gpi_.{8}/, 'gpi_00000000')],
    ['another signature', (id) => `${id.slice(0, -1)}${id.endsWith('A') ? 'B' : 'A'}`],
    ['something else', () => 'my own id'],
  ])('is refused with %s', async (_name, change) => {
    const { category } = await market({ northwind: bids(45) });
    const { body: asked } = await ping(category);
    expect(await refused(leadOf(category, change(String(asked.ping_id))))).toEqual([400, 'Invalid ping']);
    expect((await send(leadOf(category, asked.ping_id))).body).toMatchObject({ status: 'sold' });
  });

  it('is of no use to another seller, for another campaign, or with a test key', async () => {
    const { category } = await market({ northwind: bids(45) });
    const other = await market({ northwind: bids(45) });
    const { body: asked } = await ping(category);
    expect(await refused(leadOf(other.category, asked.ping_id))).toEqual([400, 'Invalid ping']);
    const testKey = await world.keyFor({ test: true });
    const lead = leadOf(category, asked.ping_id);
    const byTestKey = await sendLead({ ...world, key: testKey }, lead);
    expect([byTestKey.status, byTestKey.body.error]).toEqual([400, 'Invalid ping']);
    const stranger = await world.keyFor({ seller: 'GLOBEX00' });
    await storeForGlobex(category);
    const byStranger = await sendLead({ ...world, key: stranger }, { ...lead, seller: 'GLOBEX00' });
    expect([byStranger.status, byStranger.body.error]).toEqual([400, 'Invalid ping']);
  });

  const storeForGlobex = async (category: string): Promise<void> => {
    const campaign = await world.database.campaigns.findOne({ category, seller: 'ACME1234' });
    if (campaign !== null)
      await world.database.campaigns.insertOne({
        ...campaign,
        _id: campaign._id.replace('ACME1234', 'GLOBEX00'),
        seller: 'GLOBEX00',
      });
  };

  it('is refused for a lead with other facts; a longer ZIP code and the person are no such facts', async () => {
    const { category } = await market({ northwind: bids(45) });
    const { body: asked } = await ping(category, { roof: 'tile' });
    expect(await refused(leadOf(category, asked.ping_id, { state: 'CA', roof: 'tile' }))).toEqual([
      400,
      'Invalid ping',
    ]);
    expect(await refused(leadOf(category, asked.ping_id))).toEqual([400, 'Invalid ping']);
    const same = leadOf(category, asked.ping_id, { zip: '75001-1234', roof: 'tile' });
    expect((await send(same)).body).toMatchObject({ status: 'sold' });
  });

  it('is over after its time', async () => {
    const { category } = await market({ northwind: bids(45, { expires_in_ms: 1500 }) });
    const { body: asked } = await ping(category);
    await expect
      .poll(() => world.database.pings.countDocuments({ 'lead.category': category }), { timeout: 10_000 })
      .toBe(0);
    expect(await refused(leadOf(category, asked.ping_id))).toEqual([410, 'Ping over']);
  });

  it('works in a batch', async () => {
    const { category } = await market({ northwind: bids(45) });
    const { body: asked } = await ping(category);
    const { body } = await request(world, '/api/leads/batch', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: JSON.stringify(leadOf(category, asked.ping_id)),
    });
    expect(body).toMatchObject({ code: 200, answer: { status: 'sold', price: 45, promised_price: 45 } });
  });
});

describe('the caps of the bidders', () => {
  const capped = { ...bids(45), contract: { caps: { total: 1 } } };

  it('are reserved for the lead of the ping', async () => {
    const {
      category,
      buyers: { northwind },
      idOf,
    } = await market({ northwind: capped });
    const { body: asked } = await ping(category);
    expect(asked.price).toBe(45);
    expect((await ping(category)).body).toMatchObject({ status: 'no_price' });
    expect((await send(leadOf(category, undefined))).body).toMatchObject({ status: 'pending' });
    expect((await send(leadOf(category, asked.ping_id))).body).toMatchObject({ status: 'sold', price: 45 });
    expect(northwind?.of('post')).toHaveLength(1);
    await expect.poll(async () => (await usageOf(category, idOf('northwind')))?.reserved).toEqual({});
    expect((await usageOf(category, idOf('northwind')))?.sold).toEqual({ total: 1 });
  });

  it('are free again when the ping has expired', async () => {
    const { category, idOf } = await market({
      northwind: { ...bids(45, { expires_in_ms: 1500 }), contract: { caps: { total: 1 } } },
    });
    await ping(category);
    expect((await usageOf(category, idOf('northwind')))?.sold).toEqual({ total: 1 });
    await expect
      .poll(async () => (await usageOf(category, idOf('northwind')))?.sold, { timeout: 10_000 })
      .toEqual({ total: 0 });
    expect((await usageOf(category, idOf('northwind')))?.reserved).toEqual({});
  });

  it('are free again when the lead was refused', async () => {
    const {
      category,
      buyers: { northwind },
      idOf,
    } = await market({ northwind: capped });
    const { body: asked } = await ping(category);
    northwind?.answer('post', { body: { accepted: false } });
    expect((await send(leadOf(category, asked.ping_id))).body).toMatchObject({ status: 'pending' });
    expect(await usageOf(category, idOf('northwind'))).toMatchObject({ sold: { total: 0 }, reserved: {} });
  });

  it('are released once, whether a sale has taken them over or the ping ends', async () => {
    const { category, idOf } = await market({ northwind: { ...bids(45), contract: { caps: { total: 5 } } } });
    const { body: asked } = await ping(category);
    const sold = await send(leadOf(category, asked.ping_id));
    const id = String(sold.body.lead_id);
    for (let times = 0; times < 2; times += 1) await endPing(world.database, id, { isLast: true });
    await expect.poll(async () => (await usageOf(category, idOf('northwind')))?.reserved).toEqual({});
    expect((await usageOf(category, idOf('northwind')))?.sold).toEqual({ total: 1 });
  });

  it('are exact under concurrent pings, leads with pings and leads without', async () => {
    const CAP = 5;
    const {
      category,
      buyers: { northwind },
      idOf,
    } = await market({
      northwind: { ...bids(45), contract: { caps: { total: CAP } } },
    });
    const work = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        if (i % 3 === 0) return send(leadOf(category, undefined));
        const { body: asked } = await ping(category);
        if (asked.status !== 'promised' || i % 3 === 1) return undefined;
        return send(leadOf(category, asked.ping_id));
      }),
    );
    const sold = () => world.database.sales.countDocuments({ buyer: idOf('northwind') });
    const open = () => world.database.pings.countDocuments({ 'lead.category': category, status: 'open' });
    // On a busy machine, leads are sold after the answer.
    await expect.poll(async () => (await sold()) + (await open())).toBe(CAP);
    const answered = work.filter((reply) => reply?.body.status === 'sold');
    expect(answered.length).toBeLessThanOrEqual(await sold());
    const accepted = new Set(northwind?.of('post').map(({ body }) => body.post_id));
    expect(accepted.size).toBe(await sold());
    expect((await usageOf(category, idOf('northwind')))?.sold).toEqual({ total: CAP });
    // When the open pings end, the rest of the cap is free.
    const pings = await world.database.pings.find({ 'lead.category': category }).toArray();
    for (const { _id } of pings) await endPing(world.database, _id, { isLast: true });
    expect((await usageOf(category, idOf('northwind')))?.sold).toEqual({ total: await sold() });
  });
});
