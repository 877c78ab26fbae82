import { Validator } from '@seriousme/openapi-schema-validator';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/operations/operation.js';
import { OPERATIONS } from '../../src/operations/allOperations.js';
import { toHttpRequest } from '../../src/cli/remoteAdmin.js';
import { circuitId } from '../../src/market/limits/circuitBreaker.js';
import { createKey } from '../../src/store/keys/apiKeys.js';
import { setNamedSecret } from '../../src/store/keys/namedSecrets.js';
import { storePayload } from '../../src/store/leads/payloads.js';
import type { CampaignDocument } from '../../src/store/documents.js';
import { SCOPE_NAMES } from '../../src/store/scopes.js';
import { contractDocument, storeLead, storeMarket } from '../support/market.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import { request, SAMPLE, type Reply } from './world.js';

const NORTHWIND = `
buyers:
  - { id: northwind, name: Northwind, post: { url: 'https://northwind.example/?token=hush', timeoutMs: 800 }, balance: 100.00 }
`;

/** A failed request of the source `forms`. */
let payloadId = '';

/** The input of each operation. */
const INPUTS: Record<string, (leadId: string, keyId: string) => Record<string, unknown>> = {
  showMarket: () => ({}),
  applyMarket: () => ({ file: NORTHWIND, prune: false }),
  listMarketVersions: () => ({ of: 'northwind', before: 9, limit: 5 }),
  showMarketVersion: () => ({ version: 1, since: 0 }),
  listCampaigns: () => ({ seller: 'ACME1234' }),
  pauseCampaign: () => ({ seller: 'ACME1234', category: 'boats', until: '2999-01-01T00:00:00Z' }),
  resumeCampaign: () => ({ seller: 'ACME1234', category: 'boats' }),
  shareSpecs: () => ({ seller: 'ACME1234', category: 'boats', access: 'public' }),
  listContracts: () => ({ campaign: 'ACME1234/boats', buyer: 'northwind' }),
  pauseContract: () => ({ seller: 'acme-insurance', category: 'Boats', buyer_id: 'northwind' }),
  resumeContract: () => ({ seller: 'ACME1234', category: 'boats', buyer_id: 'northwind' }),
  simulate: () => ({
    file: 'sellers: [{ code: ACME1234, name: Renamed }]',
    since: new Date(Date.now() - 3_600_000).toISOString(),
  }),
  testPostbacks: () => ({ seller: 'ACME1234' }),
  listLeads: () => ({ status: 'pending', seller: 'acme-insurance', since: '2026-01-01', limit: 5 }),
  findLeadsOfPerson: () => ({ phone: '555-123-4567', email: 'john.doe@email.com' }),
  unsoldReasons: () => ({ since: '2026-01-01', seller: 'ACME1234', buyer: 'northwind' }),
  showLead: (lead_id) => ({ lead_id }),
  showPerson: (lead_id) => ({ lead_id }),
  withdrawLead: (lead_id) => ({ lead_id }),
  resolvePost: (lead_id) => ({ lead_id, buyer: 'northwind', accepted: true }),
  retryLead: (lead_id) => ({ lead_id }),
  eraseLeads: (lead_id) => ({ lead_ids: [lead_id] }),
  listErasures: () => ({ since: '2026-01-01T00:00:00Z', limit: 5 }),
  listKeys: () => ({ seller: 'ACME1234' }),
  createKey: () => ({ seller: 'ACME1234', limit: 5, expires_at: '2099-01-01' }),
  revokeKey: (_leadId, key) => ({ key }),
  showSecret: () => ({ buyer: 'northwind' }),
  rotateSecret: () => ({ seller: 'ACME1234', overlap: '1h' }),
  listNamedSecrets: () => ({}),
  setNamedSecret: () => ({ name: 'TYPEFORM', value: 'a secret' }),
  removeNamedSecret: () => ({ name: 'TYPEFORM' }),
  trySource: () => ({ source: 'forms', sample: '{"name":"Ann"}' }),
  listFailedPayloads: () => ({ source: 'forms' }),
  showFailedPayload: () => ({ id: payloadId }),
  replaySource: () => ({ source: 'forms', id: payloadId }),
  listBuyers: () => ({}),
  pauseBuyer: () => ({ buyer_id: 'northwind' }),
  resumeBuyer: () => ({ buyer_id: 'northwind' }),
  topUpBuyer: (leadId) => ({ buyer_id: 'northwind', amount: 12.5, idempotency_key: leadId }),
  testBuyer: () => ({ buyer_id: 'northwind', post: true }),
  tryContract: () => ({ seller: 'ACME1234', category: 'boats', buyer_id: 'northwind' }),
  showStatement: () => ({ buyer: 'northwind', from: '2026-01-01' }),
  checkBooks: () => ({}),
  listSuppressions: () => ({}),
  addSuppressions: () => ({
    seller: 'ACME1234',
    persons: [{ phone: '212-555-0187' }, { email: 'a@b.example' }],
  }),
  removeSuppressions: () => ({ all: true, persons: [{ phone: '212-555-0187' }] }),
  listAudit: () => ({ since: '2026-01-01', of: 'northwind' }),
};

/** Operations that the lead's workflow executes; test/api/heldPosts.test.ts tests one. */
const NEEDS_WORKFLOW = ['resolvePost', 'retryLead'];
const done = OPERATIONS.filter(({ id }) => !NEEDS_WORKFLOW.includes(id));

/** Operations that change data, show personal data or a secret, or return figures that depend on persons. */
const isNoted = ({ scope }: Operation): boolean =>
  scope.endsWith(':write') || ['persons:read', 'secrets:read', 'simulations:read'].includes(scope);

describe('every operation of the admin API', () => {
  let world: AdminWorld;
  let campaign: CampaignDocument;
  beforeAll(async () => {
    world = await openAdminWorld();
    campaign = await storeMarket(world.database, {}, { category: 'Boats' });
    await world.database.contracts.insertOne(contractDocument(campaign._id, 'northwind', { price: 100 }));
    await world.database.sellers.updateOne(
      { _id: 'ACME1234' },
      { $set: { sources: { forms: { inbound: { fields: { firstName: { from: ['name'] } } } } } } },
    );
    await setNamedSecret(world.database, { name: 'TYPEFORM' }, 'a secret', { who: 'test', via: 'cli' });
    payloadId = await storePayload(world.database, {
      seller: 'ACME1234',
      source: 'forms',
      key: 'key_0',
      test: false,
      state: 'failed',
      reason: 'a test',
      payload: { contentType: 'application/json', body: Buffer.from('{"name":"Ann"}') },
      now: new Date(),
    });
    await world.ask('PUT /admin/market', NORTHWIND, undefined, { 'content-type': 'application/yaml' });
  });
  afterAll(() => world.close());

  async function send(operation: Operation, key: string): Promise<Reply> {
    const lead = await storeLead(world.database, campaign, { fields: SAMPLE });
    const seller = await createKey(world.database, { seller: 'ACME1234', test: false });
    const input = INPUTS[operation.id]?.(lead._id, seller.document._id) ?? {};
    const { path, method, headers, body } = toHttpRequest(operation, input);
    return world.ask(`${method} ${path}`, body, key, { accept: 'application/json', ...headers });
  }

  it.each([
    ['open', 'pings', 60_000],
    ['half_open', 'posts', -1],
  ] as const)('says of a buyer whose circuit is %s for %s that it is', async (circuit, line, leftMs) => {
    const until = Date.now() + leftMs;
    const failing = { failures: 10, opens: 1, openedAt: until - 60_000, until, version: 1 };
    const _id = circuitId('northwind', line);
    await world.database.circuits.replaceOne({ _id }, failing, { upsert: true });
    expect((await world.ask('GET /admin/buyers')).body.buyers).toMatchObject([
      { id: 'northwind', circuit, failing: [line] },
    ]);
    await world.database.circuits.deleteOne({ _id });
  });

  it('is called here with a valid input', () => {
    expect(OPERATIONS.map(({ id }) => id)).toEqual(Object.keys(INPUTS));
    expect(new Set(OPERATIONS.map(({ scope }) => scope))).toEqual(new Set(SCOPE_NAMES));
  });

  it.each(done)('$id requires only its own scope, and its answer matches its schema', async (one) => {
    const reply = await send(one, await world.adminKeyFor([one.scope]));
    expect([reply.status, reply.body]).toEqual([200, expect.anything()]);
    expect(Value.Errors(one.output, reply.body)).toEqual([]);
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });

  it.each(OPERATIONS)(
    '$id is rejected for a key with every other scope, and the error names the missing scope',
    async (one) => {
      const before = await world.database.audit.countDocuments();
      const others = SCOPE_NAMES.filter((scope) => scope !== one.scope);
      const reply = await send(one, await world.adminKeyFor(others));
      expect([reply.status, reply.body.error]).toEqual([403, 'Scope missing']);
      expect(reply.body.message).toContain(`lacks the scope ${one.scope};`);
      expect(await world.database.audit.countDocuments()).toBe(before);
    },
  );

  it.each(OPERATIONS)('$id is closed to sellers, buyers and requests without a key', async (one) => {
    const buyer = await createKey(world.database, { buyer: 'northwind', test: false });
    for (const key of [world.key, await world.keyFor({ test: true }), buyer.key, 'none']) {
      const reply = await send(one, key);
      expect([reply.status, reply.body.error]).toEqual([401, 'Invalid API Key']);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it.each(done.filter(isNoted))('$id adds an audit entry with action and actor', async (one) => {
    const before = await world.database.audit.find().toArray();
    if (one.id === 'applyMarket')
      await world.database.buyers.updateOne({ _id: 'northwind' }, { $set: { name: 'Renamed' } });
    expect((await send(one, await world.adminKeyFor([one.scope], 'erin'))).status).toBe(200);
    const known = new Set(before.map(({ _id }) => _id));
    const deeds = (await world.database.audit.find().toArray()).filter(({ _id }) => !known.has(_id));
    expect(deeds).toMatchObject([{ who: 'erin', via: 'api', key: expect.stringMatching(/^key_/) as string }]);
    expect(JSON.stringify(deeds)).not.toMatch(/John|Doe|555-?(123|0187)|email\.com|gvl_|whsec_|hush/);
  });

  it.each(OPERATIONS.filter((one) => !isNoted(one)))('$id adds no audit entry', async (one) => {
    const before = await world.database.audit.countDocuments();
    expect((await send(one, world.adminKey)).status).toBe(200);
    expect(await world.database.audit.countDocuments()).toBe(before);
  });

  it('has a route, and the only other routes are public', async () => {
    const { body } = await world.ask('GET /admin/openapi.json', undefined, '');
    const paths = body.paths as Record<string, Record<string, unknown>>;
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const expected = OPERATIONS.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(documented.sort()).toEqual([...expected, 'GET /health'].sort());
    expect(await new Validator().validate(body)).toMatchObject({ valid: true });
    expect(await world.ask('GET /health', undefined, '')).toMatchObject({ status: 200 });
  });

  it('is not readable from other origins', async () => {
    const elsewhere = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await world.ask(`${method} /admin/leads`, undefined, world.adminKey, elsewhere);
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('does not exist on the Lead API, which rejects admin keys too', async () => {
    for (const { method, path } of OPERATIONS) {
      const reply = await request({ api: world.api, key: world.adminKey }, path, { method });
      expect([reply.status, reply.body.error]).toEqual([404, 'Not found']);
    }
    for (const path of [
      '/api/leads/01990000-0000-7000-8000-000000000000',
      '/api/leads',
      '/api/buyers/returns',
    ]) {
      const method = path.length > 30 ? 'GET' : 'POST';
      const reply = await request({ api: world.api, key: world.adminKey }, path, { method });
      expect([reply.status, reply.body.error]).toEqual([401, 'Invalid API Key']);
    }
  });
});
