import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bookSale, purchaseOf } from '../../src/store/sales/book.js';
import { confirm } from '../../src/store/sales/capacity.js';
import { checkBooks } from '../../src/store/books/checkBooks.js';
import { claimLead } from '../../src/store/sales/claims.js';
import { eraseLead } from '../../src/store/persons/erase.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { bookTopUp } from '../../src/store/books/topUp.js';
import { gavel } from '../cli/gavel.js';
import { asEnvironment } from '../support/asEnvironment.js';
import { startBuyer } from '../support/buyer.js';
import { buyerDocument, contractDocument } from '../support/market.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

const CONTRACT = 'ACME1234/auto-insurance/northwind';
const TERMS = { within: 60_000, reasons: ['duplicate'], refund: 50, freesCap: true, resell: true };

describe('a buyer returns a lead', () => {
  let world: ApiWorld;
  let key: string;
  beforeAll(async () => {
    world = await openApiWorld();
    const { database } = world;
    const server = await startBuyer();
    await server.close();
    await database.buyers.insertOne({
      ...buyerDocument('northwind', server),
      balance: 10_000,
      currency: 'USD',
    });
    await bookTopUp(database, { buyer: 'northwind', amount: 10_000, currency: 'USD', ref: 'wire 1' });
    await database.contracts.insertOne(
      contractDocument('ACME1234/auto-insurance', 'northwind', { returns: TERMS }),
    );
    key = (await createKey(database, { buyer: 'northwind', test: false })).key;
  });
  afterAll(() => world.close());

  /** A lead sold to northwind for 45.01. */
  async function bought(headers?: Record<string, string>): Promise<{ lead: string; post_id: string }> {
    const { database } = world;
    const id = String((await sendLead(world, SAMPLE, headers)).body.lead_id);
    const offer = { postId: v7(), round: 1, buyer: 'northwind', exclusive: true, price: 4501, earns: 4001 };
    const claimed = await claimLead(database, { lead: id, contract: CONTRACT, ...offer, maxBuyers: 1 });
    if (!('claim' in claimed)) throw new Error('The lead is not on sale.');
    const took = [{ path: 'sold.total', adds: 1 }];
    await database.usage.updateOne({ _id: CONTRACT }, { $inc: { 'sold.total': 1 } }, { upsert: true });
    await bookSale(
      database,
      { lead: claimed.lead, contract: CONTRACT, claim: claimed.claim, counted: took },
      { buyerLeadId: 'its-id' },
    );
    await confirm(database, purchaseOf(claimed.lead, CONTRACT, claimed.claim), {
      countedIn: [],
      person: 'add',
    });
    await database.usage.updateOne({ _id: 'buyer:northwind' }, { $inc: { balance: -4501 } });
    return { lead: id, post_id: offer.postId };
  }

  const giveBack = (body: object, by = key): Promise<Reply> =>
    request({ ...world, key: by }, '/api/buyers/returns', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('and is credited once, even with repeated and concurrent requests', async () => {
    const { database } = world;
    const { lead, post_id } = await bought();
    const balance = async () => (await database.usage.findOne({ _id: 'buyer:northwind' }))?.balance ?? 0;
    const before = await balance();
    const replies = await Promise.all([1, 2, 3].map(() => giveBack({ post_id, reason: 'duplicate' })));
    for (const { status, body } of replies) {
      expect([status, body]).toEqual([200, replies[0]?.body]);
    }
    expect(replies[0]?.body).toMatchObject({
      success: true,
      post_id,
      lead_id: lead,
      status: 'returned',
      refund: 22.5,
      currency: 'USD',
    });
    expect(await balance()).toBe(before + 2250);
    expect((await database.usage.findOne({ _id: CONTRACT }))?.sold).toEqual({ total: 0 });
    expect((await checkBooks(database)).differences).toEqual([]);
    const shown = await request(world, `/api/leads/${lead}`);
    const { returned_at } = replies[0]?.body ?? {};
    expect(shown.body).toMatchObject({
      status: 'pending',
      price: 20.01,
      returns: [{ buyer_id: 'northwind', reason: 'duplicate', returned_at, amount: 20 }],
    });
  });

  it('and a lead without remaining buyers is returned: in reads, in repeated requests, and for ops', async () => {
    const { database, settings } = world;
    await database.contracts.updateOne({ _id: CONTRACT }, { $set: { returns: { ...TERMS, resell: false } } });
    const { lead, post_id } = await bought({ 'idempotency-key': 'given back' });
    const { returned_at } = (await giveBack({ post_id, reason: 'duplicate' })).body;
    const stands = {
      status: 'returned',
      price: 20.01,
      returns: [{ buyer_id: 'northwind', reason: 'duplicate', returned_at, amount: 20 }],
    };
    const asked = await request(world, `/api/leads/${lead}`);
    expect(asked.body).toMatchObject(stands);
    expect(asked.body).not.toHaveProperty('buyer_ids');
    const again = await sendLead(world, SAMPLE, { 'idempotency-key': 'given back' });
    expect([again.headers.get('idempotent-replayed'), again.body]).toEqual([
      'true',
      { success: true, lead_id: lead, ...stands },
    ]);
    expect((await request(world, `/api/leads/${lead}/withdraw`, { method: 'POST' })).body).toMatchObject(
      stands,
    );
    const env = asEnvironment(settings);
    expect((await gavel(['leads', 'list', '--status', 'returned'], env)).stdout).toContain(lead);
    const { stdout } = await gavel(['leads', 'show', lead], env);
    expect(stdout).toContain('returned: every buyer has given it back. The seller earns $20.01');
    expect(stdout).toMatch(/northwind +duplicate +\d{4}-\S+ \S+ UTC +\$20\.00/);
    expect(stdout).toMatch(/northwind +returned +\$45\.01 .* its-id +duplicate/);
    expect((await checkBooks(database)).differences).toEqual([]);

    expect(await eraseLead(database, lead, { by: 'Dana' })).toMatchObject({ outcome: 'erased' });
    expect((await request(world, `/api/leads/${lead}`)).body.returns).toMatchObject([{ reason: 'erased' }]);
    await database.contracts.updateOne({ _id: CONTRACT }, { $set: { returns: TERMS } });
  });

  it.each([
    ['without a reason', {}, 400, 'Missing required field'],
    ['for a reason that is not agreed', { reason: 'busy' }, 400, 'Invalid field'],
    ['for a reason in its own words', { reason: 'John Doe hung up' }, 400, 'Invalid field'],
    ['that it was never sold', { reason: 'duplicate', post_id: 'none' }, 404, 'Not found'],
  ])('but not one %s', async (_what, body, status, error) => {
    const { post_id } = await bought();
    const reply = await giveBack({ post_id, ...body });
    expect([reply.status, reply.body.error]).toEqual([status, error]);
    expect(await world.database.returns.countDocuments({ _id: post_id })).toBe(0);
  });

  it.each(['DUPLICATE', ' Duplicate ', 'duplicate!'])(
    'for an agreed reason as people write it: %s',
    async (reason) => {
      const { post_id } = await bought();
      expect((await giveBack({ post_id, reason })).body).toMatchObject({
        success: true,
        reason: 'duplicate',
      });
    },
  );

  it('for its own reasons, which the books do not keep if they may contain personal data', async () => {
    const { contracts, returns } = world.database;
    await contracts.updateOne({ _id: CONTRACT }, { $unset: { 'returns.reasons': '' } });
    for (const [reason, kept] of [
      ['Wrong Number', 'wrong_number'],
      ['John hung up', 'withheld'],
      ['eod_nhoj', 'withheld'],
      ['called 555-123-4567', 'withheld'],
      [Buffer.from('John Doe').toString('base64url'), 'withheld'],
    ] as const) {
      const { post_id } = await bought();
      const reply = await giveBack({ post_id, reason });
      expect([reply.status, reply.body.reason]).toEqual([200, kept]);
      expect(await returns.findOne({ _id: post_id })).toMatchObject({ reason: kept });
    }
    const { post_id } = await bought();
    expect((await giveBack({ post_id, reason: 'ошибка' })).status).toBe(400);
    await contracts.updateOne({ _id: CONTRACT }, { $set: { returns: TERMS } });
  });

  it('and a buyer’s key has its own rate limit', async () => {
    const { key: slow } = await createKey(world.database, { buyer: 'northwind', test: false, limit: 1 });
    const replies = [await giveBack({}, slow), await giveBack({}, slow)];
    expect(replies.map(({ status }) => status)).toEqual([400, 429]);
    expect(replies[1]?.body.message).toMatch(/^This key may send 1 returns? per minute\./);
  });

  it('but not after the contract’s return window, nor without return terms', async () => {
    const { contracts, sales } = world.database;
    const { post_id } = await bought();
    await sales.updateOne({ _id: post_id }, { $set: { at: new Date(Date.now() - 61_000) } });
    const late = await giveBack({ post_id, reason: 'duplicate' });
    expect([late.status, late.body.error]).toEqual([409, 'Return window over']);
    await contracts.updateOne({ _id: CONTRACT }, { $unset: { returns: '' } });
    const none = await giveBack({ post_id, reason: 'duplicate' });
    expect([none.status, none.body.error]).toEqual([403, 'Returns not agreed']);
    await contracts.updateOne({ _id: CONTRACT }, { $set: { returns: TERMS } });
  });

  it('by the lead’s id, repeatedly with the same answer', async () => {
    const { lead, post_id } = await bought();
    const [first, second] = [
      await giveBack({ lead_id: lead, reason: 'duplicate' }),
      await giveBack({ lead_id: lead, reason: 'duplicate' }),
    ];
    expect([first.status, first.body]).toMatchObject([200, { post_id, lead_id: lead, status: 'returned' }]);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
  });

  it('by the lead’s id only if it has bought the lead once; otherwise the answer lists the posts', async () => {
    const { sales, returns } = world.database;
    const { lead, post_id } = await bought();
    const sale = await sales.findOne({ _id: post_id });
    if (sale === null) throw new Error('The sale is not booked.');
    const again = v7();
    await sales.insertOne({ ...sale, _id: again, at: new Date(Date.now() + 1) });
    const reply = await giveBack({ lead_id: lead, reason: 'duplicate' });
    const problem = `bought 2 times; send post_id instead: ${post_id} or ${again}`;
    expect([reply.status, reply.body.fields]).toEqual([400, [{ field: 'lead_id', problem }]]);
    expect(await returns.countDocuments({ lead })).toBe(0);
    const named = await giveBack({ lead_id: lead, post_id, reason: 'duplicate' });
    expect([named.status, named.body.post_id]).toEqual([200, post_id]);
    await sales.deleteOne({ _id: again });
  });

  it('but not with a post_id and a lead_id of different leads, nor without both', async () => {
    const { returns } = world.database;
    const [one, other] = [await bought(), await bought()];
    const mixed = await giveBack({ post_id: one.post_id, lead_id: other.lead, reason: 'duplicate' });
    expect([mixed.status, mixed.body.message]).toEqual([
      404,
      'This key’s buyer has bought nothing by this post_id and lead_id.',
    ]);
    const neither = await giveBack({ reason: 'duplicate' });
    expect([neither.status, neither.body.message]).toEqual([
      400,
      'Correct these fields and send it again: post_id (missing; send post_id or lead_id).',
    ]);
    expect(await returns.countDocuments({ lead: { $in: [one.lead, other.lead] } })).toBe(0);
  });

  it('of a test lead without money, and the answer says so', async () => {
    const { lead, post_id } = await bought();
    await world.database.sales.updateOne({ _id: post_id }, { $set: { test: true } });
    const first = await giveBack({ post_id, reason: 'duplicate' });
    expect(first.body).toMatchObject({ lead_id: lead, status: 'returned', refund: 0, test: true });
    expect((await giveBack({ post_id, reason: 'duplicate' })).body).toEqual(first.body);
  });

  it('and errors name a misspelled key and the reasons of the contract', async () => {
    const { post_id } = await bought();
    const named = await giveBack({ postId: post_id, reason: 'duplicate' });
    expect(named.body).toMatchObject({ error: 'Missing required field' });
    expect(named.body.message).toContain('send post_id or lead_id; you sent "postId"');
    const { message } = (await giveBack({ post_id, reason: 'busy' })).body;
    expect(message).toMatch(/^The contract takes leads back for these reasons: [a-z_]+(, [a-z_]+)*\.$/);
  });

  it('with its own key: a seller’s key is invalid here, its own key is invalid for leads, and another buyer’s key finds nothing', async () => {
    const { post_id } = await bought();
    const body = { post_id, reason: 'duplicate' };
    expect((await giveBack(body, world.key)).status).toBe(401);
    expect((await sendLead({ ...world, key })).status).toBe(401);
    const other = (await createKey(world.database, { buyer: 'fabrikam', test: false })).key;
    const theirs = await giveBack(body, other);
    expect(theirs.status).toBe(404);
    // It does not reveal that the sale exists.
    const none = await giveBack({ ...body, post_id: 'none' }, other);
    const { message, error } = none.body;
    expect([none.status, theirs.body]).toMatchObject([404, { message, error }]);
  });
});
