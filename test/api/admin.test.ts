import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulate } from '../../src/operations/simulate/simulateOperation.js';
import { readOutboundRules } from '../../src/buyers/outboundRules.js';
import { parseMarket } from '../support/parseMarket.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { SCOPE_NAMES, type Scope } from '../../src/store/scopes.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { buyerDocument } from '../support/market.js';
import { workerOf } from '../support/worker.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import { request, SAMPLE, sendLead, type Reply } from './world.js';

/** More than all requests in this file with an invalid key. */
const FAILURES_A_MINUTE = 30;

const NO_OUTLETS = {
  deliver: () => Promise.reject(new Error('Nothing is delivered by a simulation')),
  cancel: () => Promise.reject(new Error('Nothing is delivered by a simulation')),
};

describe('the admin API', () => {
  let world: AdminWorld;
  let buyer: FakeBuyer;
  let worker: RunningWorker;
  beforeAll(async () => {
    [world, buyer] = await Promise.all([
      // A longer window than usual, for a busy machine.
      openAdminWorld({
        RATE_LIMIT_PER_MINUTE: FAILURES_A_MINUTE,
        TRUST_PROXY: true,
        ANSWER_WINDOW_MS: 9000,
      }),
      startBuyer(),
    ]);
    worker = await workerOf(world.settings);
  });
  afterAll(async () => {
    await worker.stop();
    await buyer.close();
    await world.close();
  });

  const apply = (text: string, query = ''): Promise<Reply> =>
    world.ask(`PUT /admin/market${query}`, text, undefined, { 'content-type': 'application/yaml' });
  const market = (price: string): string => `
sellers: [{ code: INITECH0, slug: initech, name: Initech }]
buyers: [{ id: contoso, name: Contoso, post: { url: '${buyer.url}?token=hush', timeoutMs: 8000 } }]
campaigns:
  - seller: INITECH0
    category: Boats
    required: [phone]
    contracts: [{ buyer: contoso, price: ${price} }]
`;
  const CONTRACT = 'INITECH0/boats/contoso';
  const auditOf = async (id: string) => (await world.ask(`GET /admin/audit?of=${id}`)).body.entries;

  it('applies a market that sells a lead, and reports each change with old and new value', async () => {
    const dry = await apply(market('12.50'), '?dry_run=true');
    expect(dry.body).toMatchObject({ dry_run: true, changes: { length: expect.any(Number) as number } });
    expect(JSON.stringify(dry.body)).not.toContain('whsec_');
    expect(await world.database.contracts.findOne({ _id: CONTRACT })).toBeNull();

    const { status, body } = await apply(market('12.50'));
    expect(status).toBe(200);
    expect(JSON.stringify(body)).not.toContain('whsec_');
    buyer.secret = String((await world.ask('GET /admin/secrets?buyer=contoso')).body.secret);
    const key = await world.keyFor({ seller: 'INITECH0' });
    const lead = { seller: 'initech', category: 'Boats', phone: SAMPLE.phone };
    const sold = await sendLead({ ...world, key }, lead, { prefer: '' });
    expect(sold.body).toMatchObject({ status: 'sold', price: 12.5, buyer_ids: ['contoso'] });
    expect(buyer.of('post')).toMatchObject([{ signed: true }]);

    await apply(market('15.00'));
    expect(await auditOf(CONTRACT)).toMatchObject([
      { who: 'dana', via: 'api', did: 'changed', changes: [{ path: 'price', from: '12.50', to: '15.00' }] },
      { kind: 'contract', did: 'created' },
    ]);
    expect(JSON.stringify(await auditOf('contoso'))).toContain(`"path":"post.url","to":"${buyer.url}?…"`);
    expect(JSON.stringify((await world.ask('GET /admin/audit')).body)).not.toMatch(/whsec_|hush|555-?123/);
  });

  it('names the source of a created or revoked key in the audit', async () => {
    const made = await world.ask('POST /admin/keys', { seller: 'ACME1234', source: 'landing-page' });
    const id = String(made.body.id);
    await world.ask('POST /admin/keys/revoke', { key: id });
    expect(await auditOf(id)).toMatchObject([
      { did: 'revoked', changes: [{ path: 'seller' }, { path: 'source', from: 'landing-page' }] },
      { did: 'created', changes: [{ path: 'seller' }, { path: 'source', to: 'landing-page' }] },
    ]);
  });

  it('exports the market as a file that changes nothing when applied', async () => {
    const { admin, adminKey: key } = world;
    const response = await fetch(`${admin.address}/admin/market`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(response.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
    const file = await response.text();
    expect(file).not.toMatch(/secret|whsec_/);
    const { body } = await apply(file, '?prune=true');
    const told = (body.changes as { change: string }[]).map(({ change }) => change);
    expect([...new Set(told)]).toEqual(['unchanged']);
  });

  it('makes one of five concurrent changes to the same state of the market, and rejects the others', async () => {
    const json = { accept: 'application/json' };
    const tag = async () =>
      (await world.ask('GET /admin/market', undefined, undefined, json)).headers.get('etag') ?? '';
    const seller = (i: number) => `sellers: [{ code: HOOLI00${i}, slug: hooli-${i}, name: Hooli }]`;
    const change = (i: number, etag: string) =>
      world.ask('PUT /admin/market', seller(i), undefined, {
        'content-type': 'application/yaml',
        'if-match': etag,
      });
    const read = await tag();
    const replies = await Promise.all([0, 1, 2, 3, 4].map((i) => change(i, read)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    expect(await world.database.sellers.countDocuments({ name: 'Hooli' })).toBe(1);
    const refused = replies.findIndex(({ status }) => status === 412);
    expect(replies[refused]?.body).toMatchObject({
      error: 'Market changed',
      message: expect.stringContaining('Read it again (GET /admin/market, `gavel market show`)') as string,
    });
    expect((await change(refused, `W/${await tag()}`)).status).toBe(200);
    const garbled = await change(refused, '*');
    expect([garbled.status, garbled.body.error]).toEqual([400, 'Invalid field']);
    expect(garbled.body.message).toContain('if_match ("*" is not the ETag of a market; write it like');
  });

  it('rejects a faulty market file with the same faults as the command', async () => {
    const faulty = market('"12.50"').replace('slug: initech', 'slug: acme-insurance');
    const reply = await apply(faulty);
    expect([reply.status, reply.body.error]).toEqual([422, 'Invalid market file']);
    const parsed = parseMarket(faulty);
    const own = 'faults' in parsed ? parsed.faults : [];
    expect(reply.body.faults).toEqual(expect.arrayContaining(own));
    expect(reply.body.faults).toMatchObject([
      { line: 2, message: expect.stringContaining('is the slug of seller ACME1234') as string },
      { line: 8, path: 'campaigns[0].contracts[0].price' },
    ]);
  });

  it('lets a read-only key plan a change, and not make it', async () => {
    const { key } = await createKey(world.database, { admin: 'rita', scopes: ['market:read'], test: false });
    const change = (query: string) =>
      world.ask(`PUT /admin/market${query}`, market('17.00'), key, { 'content-type': 'application/yaml' });
    expect(await change('?dry_run=true')).toMatchObject({ status: 200, body: { dry_run: true } });
    for (const query of [
      '',
      '?dry_run=false',
      '?dry_run=true&dry_run=false',
      '?dry_run=1',
      '?x=dry_run=true',
    ])
      expect(await change(query)).toMatchObject({
        status: 403,
        body: {
          message: expect.stringContaining(
            'the scope market:write; it has market:read. A dry run needs only market:read.',
          ) as string,
        },
      });
  });

  it('warns about missing retention only for campaigns that a file changes', async () => {
    await apply(market('15.00'));
    expect((await apply(market('15.00'))).body.cautions).toEqual([]);
    expect((await apply(market('16.00'), '?dry_run=true')).body.cautions).toEqual([]);
    const email = market('15.00').replace('[phone]', '[phone, email]');
    expect((await apply(email, '?dry_run=true')).body.cautions).toEqual([
      'Persons of INITECH0/boats are kept until you erase them: set `retention` or RETENTION_DAYS (0 if this is meant).',
    ]);
  });

  it('answers 409 with the plan if a change requires confirmation, and makes it with yes=true', async () => {
    await apply(market('15.00').replace('price: 15.00', 'price: 15.00, caps: { day: 5 }'));
    const uncapped = market('15.00').replace('price: 15.00', 'price: 16.00, caps: { day: null }');
    const warned = {
      kind: 'contract',
      id: CONTRACT,
      change: 'changed',
      warnings: ['removes its limit on leads a day'],
    };
    const dry = await apply(uncapped, '?dry_run=true');
    expect(dry.body.changes).toEqual(expect.arrayContaining([expect.objectContaining(warned)]));
    const refused = await apply(uncapped);
    expect([refused.status, refused.body.error]).toEqual([409, 'Confirmation needed']);
    expect(refused.body.changes).toEqual(dry.body.changes);
    expect(refused.body.message).toContain('Send the file with yes=true');
    expect(await world.database.contracts.findOne({ _id: CONTRACT })).toMatchObject({ caps: { day: 5 } });
    expect((await apply(uncapped, '?yes=true')).status).toBe(200);
    expect(await world.database.contracts.findOne({ _id: CONTRACT })).not.toHaveProperty('caps');
  });

  it.each([
    ['of a floor', '{ seller: INITECH0, category: Boats, sale: { floor: 2.00 } }'],
    [
      'of a contract',
      '{ seller: INITECH0, category: boats, contracts: [{ buyer: contoso, tier: 2, states: [TX] }] }',
    ],
  ])('describes the same market in a simulation and in a dry run: a change %s', async (_, campaign) => {
    const file = `campaigns: [${campaign}]`;
    const isChange = ({ change }: { change: string }) => change !== 'unchanged' && change !== 'not_named';
    const dry = await apply(file, '?dry_run=true');
    const { database, settings } = world;
    const simulated = await simulate.run(
      {
        database,
        by: { who: 'dana', via: 'api' as const },
        scopes: ['persons:read'],
        outbound: readOutboundRules(settings),
        isShared: false,
        send: () => Promise.reject(new Error('Nothing is sent by a simulation')),
        outlets: NO_OUTLETS,
        notifyWithdrawn: () => undefined,
        resolvePost: () => Promise.reject(new Error('Nothing is decided by a simulation')),
        retryNow: () => Promise.reject(new Error('Nothing is retried by a simulation')),
      },
      { file, since: new Date().toISOString() },
    );
    expect(simulated.changes.length).toBeGreaterThan(0);
    expect((dry.body.changes as { change: string }[]).filter(isChange)).toEqual(simulated.changes);
  });

  it('runs one simulation at a time, and reports the position of a fault in the change', async () => {
    const today = new Date().toISOString();
    const sellers = [{ code: 'ACME1234', name: 'Renamed' }];
    const faulty = await world.ask(`POST /admin/simulate?since=${today}`, { sellers: [{ name: 'Nobody' }] });
    expect([faulty.status, faulty.body.error]).toEqual([422, 'Invalid market file']);
    expect(faulty.body.faults).toMatchObject([{ line: 1, column: 13 }]);
    const { database, settings } = world;
    const context = {
      database,
      by: { who: 'dana', via: 'api' as const },
      scopes: [],
      outbound: readOutboundRules(settings),
      isShared: true,
      send: () => Promise.reject(new Error('Nothing is sent by a simulation')),
      outlets: NO_OUTLETS,
      notifyWithdrawn: () => undefined,
      resolvePost: () => Promise.reject(new Error('Nothing is decided by a simulation')),
      retryNow: () => Promise.reject(new Error('Nothing is retried by a simulation')),
    };
    const input = { file: JSON.stringify({ sellers }), since: today };
    const [first, second] = await Promise.allSettled([
      simulate.run(context, input),
      simulate.run(context, input),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { leads: 0 } });
    expect(second).toMatchObject({
      status: 'rejected',
      reason: { kind: 'unavailable', details: { retryAfterS: 5 } },
    });
  });

  it('permanently erases a person, and keeps the actor and the proof', async () => {
    const id = String(
      (await sendLead(world, { ...SAMPLE, zip: 'near 75001', city: 'Dal\u00adlas' })).body.lead_id,
    );
    const person = () => world.ask(`GET /admin/leads/${id}/person`);
    expect((await world.ask(`GET /admin/leads/${id}`)).body).toMatchObject({
      fields: { zip: '•••' },
      unread: ['phone', 'zip'],
      notes: { zip: expect.stringContaining('not a ZIP code') as string },
    });
    expect((await person()).body).toMatchObject({
      fields: { firstName: 'John', phone: SAMPLE.phone, city: 'Dallas' },
      sent: { city: 'Dal\u00adlas' },
    });
    const { body } = await world.ask('POST /admin/leads/erase', { lead_ids: [id, 'none'] });
    expect(body.leads).toMatchObject([
      { outcome: 'erased', by: 'dana', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      { outcome: 'unknown' },
    ]);
    expect((await person()).body).toEqual({ lead_id: id, fields: {} });
    expect(await auditOf(id)).toMatchObject([
      { did: 'person shown' },
      { did: 'erased', changes: [{ path: 'erased.by', to: 'dana' }, { path: 'erased.sha256' }] },
      { did: 'person shown' },
    ]);
    const stored = JSON.stringify(await world.database.audit.find().toArray());
    expect(stored).not.toMatch(/John|Doe|555-123|5551234567|email\.com/);
  });

  it('books a payment with a ref once, with one audit entry', async () => {
    const prepaid = market('15.00').replace('name: Contoso,', 'name: Contoso, balance: 100.00,');
    expect((await apply(prepaid)).status).toBe(200);
    const pay = (amount: number) =>
      world.ask('POST /admin/buyers/contoso/topups', { amount, ref: 'wire 4711' });
    expect((await pay(50)).body).toMatchObject({ booked_before: false, balance: 150 });
    expect((await pay(50)).body).toMatchObject({ booked_before: true, balance: 150 });
    expect(await pay(51)).toMatchObject({ status: 409, body: { error: 'Conflict' } });
    const paid = await world.database.audit.find({ did: 'paid in' }).toArray();
    expect(paid).toMatchObject([
      { id: 'contoso', values: [{ path: 'amount', to: '$50.00' }, { path: 'ref' }] },
    ]);
  });

  it('rejects a payment without a ref, and books one with an Idempotency-Key once', async () => {
    const pay = (amount: number, key?: string) =>
      world.ask(
        'POST /admin/buyers/contoso/topups',
        { amount },
        undefined,
        key === undefined ? {} : { 'idempotency-key': key },
      );
    const before = (await world.database.usage.findOne({ _id: 'buyer:contoso' }))?.balance ?? 0;
    const nameless = await pay(5);
    expect([nameless.status, nameless.body.error]).toEqual([400, 'Missing required field']);
    expect(nameless.body.message).toContain('The payment has neither `ref` nor Idempotency-Key.');
    const sent = await Promise.all([1, 2, 3].map(() => pay(5, 'key-1')));
    expect(sent.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(sent.filter(({ body }) => body.booked_before === false)).toHaveLength(1);
    const other = await pay(6, 'key-1');
    expect([other.status, other.body.error]).toEqual([409, 'Conflict']);
    expect(other.body.message).toContain('A payment with this Idempotency-Key is already booked, with $5.00');
    expect((await pay(6, 'key-2')).body).toMatchObject({ booked_before: false });
    expect((await world.database.usage.findOne({ _id: 'buyer:contoso' }))?.balance).toBe(before + 1100);
    expect(await world.database.ledger.countDocuments({ kind: 'top_up', account: 'bank' })).toBeGreaterThan(
      2,
    );
  });

  it('tests a buyer’s server with an audit entry, and books and counts nothing', async () => {
    const { database } = world;
    const server = await startBuyer({ ping: { body: { bid: '45.00' } } });
    const at = { url: server.url, timeoutMs: 2000 };
    await database.buyers.insertOne({ ...buyerDocument('tried', server), ping: at });
    const stored = async () =>
      Promise.all([
        ...(['leads', 'sales', 'ledger', 'circuits'] as const).map((name) =>
          database.db.collection(name).countDocuments(),
        ),
        // The worker counts other buyers' answers when it likes.
        database.answers.countDocuments({ buyer: 'tried' }),
      ]);
    const before = await stored();
    const { status, body } = await world.ask('POST /admin/buyers/tried/test', { post: true });
    expect([status, body]).toMatchObject([200, { buyer: 'tried', ok: false }]);
    expect(body.checks).toContainEqual({
      ...{ check: 'ping: answer', result: 'failed' },
      says: 'invalid_response: bid is a string ("45.00"); send a number without quotes',
    });
    expect(await stored()).toEqual(before);
    expect(server.received.map(({ type }) => type)).toEqual(['ping', 'ping', 'post', 'post', 'post']);
    expect(await auditOf('tried')).toMatchObject([
      { did: 'tested', changes: [{ path: 'failed', to: 'ping: answer' }] },
    ]);
    await server.close();
  });

  it('tests a buyer under the named contract, and lists the existing ones', async () => {
    const reply = await world.ask('POST /admin/buyers/tried/test', { contract: 'nothing' });
    expect([reply.status, reply.body.message]).toEqual([
      404,
      'tried has no contract "nothing": it has none; leave `contract` out.',
    ]);
    await world.database.buyers.updateOne({ _id: 'tried' }, { $unset: { ping: '' } });
    const unpinged = await world.ask('POST /admin/buyers/tried/test', {});
    expect([unpinged.status, unpinged.body.message]).toEqual([
      409,
      'tried has no ping address. Test it with a post: `gavel buyers test tried --post`, or "post": true.',
    ]);
  });

  it('tests a seller’s postback URLs, except those in the operator’s network', async () => {
    buyer.answer('test', { body: {} });
    const metadata = 'https://169.254.169.254/latest';
    const postbacks = [buyer.url, metadata];
    await world.database.sellers.updateOne({ _id: 'INITECH0' }, { $set: { postbacks } });
    const { body } = await world.ask('POST /admin/postbacks/test', { seller: 'initech' });
    expect(body).toMatchObject({
      seller: 'INITECH0',
      addresses: [
        { url: buyer.url, delivered: true, answer: 'HTTP 200' },
        { url: metadata, delivered: false, answer: expect.stringContaining('OUTBOUND_ALLOW') as string },
      ],
    });
    expect(buyer.of('test')).toHaveLength(1);
    expect(await auditOf('INITECH0')).toMatchObject([
      { did: 'postbacks tested', changes: [{ path: 'delivered', to: '1 of 2' }] },
      { did: 'created' },
    ]);
  });

  it('limits a key’s requests per minute, and says when to retry', async () => {
    const key = await world.adminKeyFor(['audit:read'], 'erin', 3);
    const ask = () => world.ask('GET /admin/audit', undefined, key);
    const replies = await Promise.all([ask(), ask(), ask(), ask(), ask()]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429]);
    const refused = replies.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({
      error: 'Rate limit exceeded',
      message: expect.stringMatching(
        /^This key may send 3 requests per minute. Send the next request in \d+ s\.$/,
      ) as string,
    });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.headers.get('x-ratelimit-remaining')).toBe('0');
  });

  it('does not let a key grant scopes that it lacks', async () => {
    const key = await world.adminKeyFor(['keys:write', 'leads:read']);
    const make = (scopes: string[]) => world.ask('POST /admin/keys', { admin: 'erin', scopes }, key);
    const refused = await make(['leads:read', 'market:write']);
    expect([refused.status, refused.body.error]).toEqual([403, 'Scope missing']);
    expect(refused.body.message).toContain('market:write');
    const made = await make(['leads:read']);
    expect(made.body).toMatchObject({ admin: 'erin', scopes: ['leads:read'], status: 'in force' });
    expect((await world.ask('GET /admin/leads', undefined, String(made.body.key))).status).toBe(200);
  });

  it('does not let a key create any key that outlives it', async () => {
    const until = new Date(Date.now() + 7 * 86_400_000);
    const scopes: Scope[] = ['keys:write', 'market:write'];
    const maker = await createKey(world.database, {
      admin: 'dana',
      scopes,
      test: false,
      limit: 100,
      expiresAt: until,
    });
    const make = (body: object) => world.ask('POST /admin/keys', body, maker.key);
    for (const whose of [{ admin: 'erin', scopes }, { seller: 'ACME1234' }, { buyer: 'contoso' }]) {
      const late = await make({ ...whose, expires_at: '2099-01-01' });
      expect([late.status, late.body.error]).toEqual([400, 'Invalid field']);
      expect(late.body.message).toContain(`expires_at is later than ${until.toISOString()}`);
      expect((await make(whose)).body).toMatchObject({ expires_at: until.toISOString() });
      const sooner = new Date(until.getTime() - 1000).toISOString();
      expect((await make({ ...whose, expires_at: sooner })).body).toMatchObject({ expires_at: sooner });
    }
    expect((await make({ admin: 'erin', scopes, limit: 101 })).body.message).toContain(
      'limit is more than 100',
    );
    expect((await make({ admin: 'erin', scopes })).body).toMatchObject({ limit: 100, made_by: 'dana' });
    expect((await make({ seller: 'ACME1234', limit: 5000 })).body).toMatchObject({ limit: 5000 });
  });

  it('shows the creators of a key in its audit entries, and lists the keys made by a revoked key', async () => {
    const maker = await createKey(world.database, { admin: 'dana', scopes: [...SCOPE_NAMES], test: false });
    const erin = (await world.ask('POST /admin/keys', { admin: 'erin', scopes: [...SCOPE_NAMES] }, maker.key))
      .body;
    const frank = (
      await world.ask('POST /admin/keys', { admin: 'frank', scopes: ['market:write'] }, String(erin.key))
    ).body;
    const sellers = '{ "sellers": [{ "code": "INITECH0", "slug": "initech", "name": "Made" }] }';
    await world.ask('PUT /admin/market', sellers, String(frank.key), { 'content-type': 'application/json' });
    const [deed] = await world.database.audit.find({ id: 'INITECH0' }).sort({ _id: -1 }).limit(1).toArray();
    expect(deed).toMatchObject({ who: 'frank (key made by erin (key made by dana))', key: frank.id });
    const ended = await world.ask('POST /admin/keys/revoke', { key: maker.document._id });
    expect(ended.body).toMatchObject({ status: 'revoked', made: [erin.id] });
  });

  it('rejects a revoked key within 2 s, and limits guesses', async () => {
    const key = await world.adminKeyFor([...SCOPE_NAMES]);
    const from = (i: number) => ({ 'x-forwarded-for': `198.51.100.${i}` });
    const status = async (headers = {}) =>
      (await world.ask('GET /admin/keys', undefined, key, headers)).status;
    expect(await status()).toBe(200);
    expect((await world.ask('POST /admin/keys/revoke', { key })).status).toBe(200);
    await expect.poll(() => status(from(1)), { timeout: 2000 }).toBe(401);
    const statuses = await Promise.all(
      Array.from({ length: FAILURES_A_MINUTE + 10 }, (_, i) => status(from(i + 2))),
    );
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await world.ask('POST /admin/keys/revoke', { key })).body).toMatchObject({ error: 'Conflict' });
    expect((await world.ask('GET /admin/keys')).status).toBe(200);
  });

  it('ends a key at a time, never later than its expiry, or at once', async () => {
    const key = await world.adminKeyFor(['keys:read']);
    const end = (expires_at?: string) => world.ask('POST /admin/keys/revoke', { key, expires_at });
    const ended = await end('2099-01-02');
    const { id } = ended.body;
    const until = '2099-01-02T00:00:00.000Z';
    expect(ended.body).toEqual({ id, status: 'in force', expires_at: until });
    expect((await world.ask('GET /admin/keys', undefined, key)).status).toBe(200);
    for (const later of ['2099-01-02', '2099-01-03']) {
      const { status, body } = await end(later);
      expect([status, body.message]).toEqual([
        409,
        `${String(id)} already expires at ${until}. Nothing was changed.`,
      ]);
    }
    expect((await end('2020-01-01')).body.message).toContain('is in the past');
    expect((await end('2099-01-01')).status).toBe(200);
    expect((await end()).body).toMatchObject({ id, status: 'revoked' });
    const again = await end('2098-01-01');
    expect([again.status, again.body.message]).toEqual([
      409,
      `${String(id)} is already revoked. Nothing was changed.`,
    ]);
    const { entries } = (await world.ask(`GET /admin/audit?of=${String(id)}`)).body;
    const last = '2099-01-01T00:00:00.000Z';
    expect(entries).toMatchObject([
      {
        did: 'revoked',
        changes: [
          { path: 'admin', from: 'dana' },
          { path: 'scopes', from: 'keys:read' },
          { path: 'limit' },
          { path: 'expires', from: last },
        ],
      },
      { did: 'changed', changes: [{ path: 'expires', from: until, to: last }] },
      { did: 'changed', changes: [{ path: 'expires', to: until }] },
    ]);
  });

  it.each([
    ['GET /admin/leads?limit=0', undefined, 400, 'limit (0 is not a whole number from 1 to 10000'],
    ['GET /admin/leads?limit=5&limit=6', undefined, 400, 'limit (given twice)'],
    ['GET /admin/leads?stauts=sold', undefined, 400, 'did you mean status?'],
    ['GET /admin/leads?status[$ne]=sold', undefined, 400, 'has no key'],
    ['GET /admin/audit?since=yesterday', undefined, 400, 'is not a date or a time'],
    ['POST /admin/leads/search?phone=5551234567', {}, 400, 'phone (belongs in the body)'],
    ['POST /admin/leads/search', { phone: { $ne: '' } }, 400, 'phone (not a text'],
    ['POST /admin/leads/search', { phone: '12' }, 400, 'phone is not a phone number of 7 to 15 digits'],
    ['POST /admin/leads/search', {}, 400, 'phone is missing'],
    ['POST /admin/leads/erase', {}, 400, 'lead_ids (missing)'],
    ['POST /admin/leads/erase', '{"lead_ids": [', 400, 'The body is not JSON'],
    [
      'POST /admin/leads/erase',
      { lead_ids: ['none'], by: 'Dana\u001b]0;owned\u0007' },
      400,
      'by (contains invisible characters',
    ],
    [
      'POST /admin/leads/erase',
      { lead_ids: ['none\u202e'] },
      400,
      'lead_ids[0] (contains invisible characters',
    ],
    ['POST /admin/keys/revoke', { key: 'key_\u009b31m' }, 400, 'key (contains invisible characters'],
    ['GET /admin/audit?of=a%0Db', undefined, 400, 'of (contains invisible characters'],
    ['POST /admin/keys', { seller: 'ACME1234', buyer: 'contoso' }, 400, 'Name exactly one owner'],
    ['POST /admin/keys', { admin: 'a b', scopes: ['leads:read'] }, 400, 'admin ("a b" is not a name'],
    ['POST /admin/keys', { seller: 'ACME1234', expires_at: '2020-01-01' }, 400, 'is in the past'],
    ['GET /admin/statement?buyer=contoso&house=true', undefined, 400, 'Name exactly one account'],
    ['GET /admin/statement?house=true&limit=20000', undefined, 400, 'limit (20000 is not a whole number'],
    [
      'GET /admin/statement?house=true&after=WyJVU0QiXQ',
      undefined,
      400,
      'after is not a `next` of this statement.',
    ],
    ['GET /admin/statement?house=true&after=%7B', undefined, 400, 'after is not a `next` of this statement.'],
    ['GET /admin/books/check?after=sellers:a', undefined, 400, 'after is not a `next` of this check.'],
    ['GET /admin/leads/none', undefined, 404, 'There is no lead "none"'],
    ['POST /admin/buyers/nobody/topups', { amount: 5, ref: 'a' }, 404, 'The market has no buyer "nobody"'],
    ['POST /admin/simulate', { sellers: [] }, 400, 'since (missing)'],
    ['POST /admin/simulate?since=2020-01-01', { sellers: [] }, 400, 'covers at most 31 days'],
    ['DELETE /admin/leads/erase', undefined, 405, 'Use POST here.'],
    ['DELETE /admin/leads/none', undefined, 405, 'Use GET, HEAD here.'],
    ['DELETE /admin/market', undefined, 405, 'Use GET, HEAD, PUT here.'],
    ['POST /admin/leads/erase', { lead_ids: ['x'.repeat(70_000)] }, 413, 'too long for this operation'],
  ])('%s with %j is answered with %i and the fault', async (route, body, status, message) => {
    const reply = await world.ask(route, body);
    expect(reply.status).toBe(status);
    expect(reply.body.message).toContain(message);
  });

  it.each([
    ['PUT /admin/market', 'text/plain', 'application/yaml'],
    ['POST /admin/leads/erase', 'application/x-www-form-urlencoded', 'Send application/json.'],
  ])('%s does not accept %s', async (route, type, message) => {
    const reply = await world.ask(route, 'a=b', undefined, { 'content-type': type });
    expect([reply.status, reply.body.error]).toEqual([415, 'Unsupported content type']);
    expect(reply.body.message).toContain(message);
  });

  it('has its own listener, and neither API has the routes of the other', async () => {
    expect(world.admin.address).toMatch(/^http:\/\/127\.0\.0\.1:/);
    for (const [api, path] of [
      [world.api, '/admin/openapi.json'],
      [world.admin, '/api/leads'],
      [world.admin, '/docs'],
    ] as const)
      expect((await request({ api, key: world.adminKey }, path)).status).toBe(404);
  });

  it('warns about a missing secret only if a file adds or changes what uses it', async () => {
    const inbound = (name: string, secret: string): string =>
      `${name}: { inbound: { prove: [{ header: x-key, equals: '{{secret:${secret}}}' }], fields: { phone: { from: tel } } } }`;
    const withSources = (...sources: string[]): string =>
      market('15.00').replace('name: Initech', `name: Initech, sources: { ${sources.join(', ')} }`);
    const one = (of: string, secret: string): string =>
      `A secret that the source ${of} of INITECH0 uses, ${secret}, is not stored, so it brings no leads: \`gavel secrets set ${secret}\`.`;
    const first = withSources(inbound('form', 'FORM'));
    expect((await apply(first)).body.cautions).toEqual([one('form', 'FORM')]);
    expect((await apply(first)).body.cautions).toEqual([]);
    const second = withSources(inbound('form', 'FORM'), inbound('page', 'PAGE'));
    expect((await apply(second)).body.cautions).toEqual([one('page', 'PAGE')]);
    const another = withSources(inbound('form', 'OTHER'), inbound('page', 'PAGE'));
    expect((await apply(another)).body.cautions).toEqual([one('form', 'OTHER')]);
    const keyed = market('15.00').replace(
      /post: \{ url: ('[^']*')/,
      "protocol: { post: { request: { json: { key: '{{ secret.KEY }}' } }, answer: { acceptedWhen: { at: ok, is: true } } } }, post: { url: $1",
    );
    const ofBuyer =
      'The protocol of contoso uses the secret KEY, which is not stored, so nothing is sent: `gavel secrets set KEY --buyer contoso`.';
    expect((await apply(keyed, '?dry_run=true')).body.cautions).toEqual([ofBuyer]);
    expect((await apply(market('15.00'))).body.cautions).toEqual([]);
  });
});
