import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey, generateKey, hashKey, revokeKey } from '../../src/store/keys/apiKeys.js';
import { findLead } from '../../src/store/leads/leads.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import { request, SAMPLE, sendLead, type Reply } from './world.js';

let world: AdminWorld;
const keys = { buyer: '', revoked: '', expired: '' };
beforeAll(async () => {
  world = await openAdminWorld();
  const { database } = world;
  keys.buyer = (await createKey(database, { buyer: 'northwind', test: false })).key;
  const revoked = await createKey(database, { seller: 'ACME1234', test: false });
  await revokeKey(database, revoked.document._id);
  keys.revoked = revoked.key;
  keys.expired = await world.keyFor({ expiresAt: new Date('2026-01-02T03:04:05Z') });
});
afterAll(() => world.close());

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const send = (headers: Record<string, string>, lead: object = SAMPLE) => sendLead(world, lead, headers);
const giveBack = (headers: Record<string, string>): Promise<Reply> =>
  request(world, '/api/buyers/returns', { method: 'POST', headers });

describe('A request without a readable key gets an error with the remedy', () => {
  const none = { authorization: '' };
  it.each<[string, () => Promise<Reply>, string]>([
    [
      'none',
      () => send(none),
      'The request has no key. Send one in the header "Authorization: Bearer KEY". Ask the seller for one.',
    ],
    ['no scheme', () => send({ authorization: world.key }), 'has a key without the word Bearer.'],
    ['another scheme', () => send({ authorization: `Token ${world.key}` }), 'has a key in another form.'],
    ['a password', () => send({ authorization: 'Basic YTpi' }), 'The header Authorization has no key.'],
    [
      'X-Api-Key',
      () => send({ ...none, 'x-api-key': world.key }),
      'in the header X-Api-Key, which is not read',
    ],
    ['X-Api-Key of another kind', () => send({ ...none, 'x-api-key': 'x' }), 'in the header X-Api-Key'],
    ['a cookie', () => send({ ...none, cookie: `key=${world.key}` }), 'in the header Cookie'],
    ['a cookie of something else', () => send({ ...none, cookie: 'a=b' }), 'The request has no key.'],
    [
      'the query',
      () => request(world, `/api/leads?key=${world.key}`, { method: 'POST', headers: none }),
      'The key is in the query string, which is not read.',
    ],
    ['none, from a buyer', () => giveBack(none), 'Ask the operator of the exchange for one.'],
    [
      'none, from an admin',
      () => world.ask('GET /admin/audit', undefined, '', none),
      'Create one with `gavel keys create --admin`.',
    ],
  ])('%s', async (_where, ask, message) => {
    const { status, body } = await ask();
    expect([status, body.error]).toEqual([401, 'Invalid API Key']);
    expect(body.message).toContain(message);
    expect(body.message).toContain('Authorization: Bearer KEY');
    expect(body.message).not.toContain(world.key);
  });
});

describe('A rejected key gets an error with the reason', () => {
  it.each<[string, () => Promise<Reply>, string]>([
    ['cut off', () => send(bearer(world.key.slice(0, -1))), 'The key is incomplete or mistyped.'],
    ['in quotes', () => send(bearer(`"${world.key}"`)), 'The header has other characters beside the key.'],
    ['made up', () => send(bearer(generateKey('live'))), 'The key is unknown.'],
    ['of a buyer', () => send(bearer(keys.buyer)), 'This is a buyer’s key; send a seller’s key here.'],
    ['of a seller', () => giveBack(bearer(world.key)), 'This is a seller’s key; send a buyer’s key here.'],
    ['of an admin', () => send(bearer(world.adminKey)), 'This is an admin key; send a seller’s key here.'],
    [
      'of a seller, to the admin API',
      () => world.ask('GET /admin/audit', undefined, world.key),
      'This is a seller’s key; send an admin key here.',
    ],
    ['revoked', () => send(bearer(keys.revoked)), 'This key was revoked at 20'],
    ['expired', () => send(bearer(keys.expired)), 'This key expired at 2026-01-02T03:04:05.000Z.'],
  ])('%s', async (_what, ask, message) => {
    const { status, body } = await ask();
    expect([status, body.error]).toEqual([401, 'Invalid API Key']);
    expect(body.message).toContain(message);
  });

  it('without sending one who has a key to ask for one', async () => {
    for (const key of [world.key.slice(0, -1), `"${world.key}"`])
      expect((await send(bearer(key))).body.message).not.toContain('Ask the seller');
  });

  it('without revealing stored keys to one with a valid checksum', async () => {
    const [one, other] = [await send(bearer(generateKey('live'))), await send(bearer(generateKey('buyer')))];
    expect(one.body.message).toBe(other.body.message);
  });

  it('with the field for another seller, and the same for a missing seller', async () => {
    const [theirs, nobodys] = [
      await send({}, { ...SAMPLE, seller: 'GLOBEX00' }),
      await send({}, { ...SAMPLE, seller: 'acme' }),
    ];
    expect(theirs.body.message).toBe(
      'This key belongs to another seller. Check `seller`: it must be the code or the slug of the seller that this key belongs to.',
    );
    expect(nobodys.body.message).toBe(theirs.body.message);
    const guessed = await send(bearer(generateKey('live')), { ...SAMPLE, seller: 'GLOBEX00' });
    expect(guessed.body.message).toContain('is unknown');
  });
});

describe('A buyer’s key', () => {
  it('starts with gvl_buyer_', () => {
    expect(keys.buyer).toMatch(/^gvl_buyer_[0-9A-Za-z]{33}$/);
  });

  it('of an earlier release starts with gvl_live_ and stays valid', async () => {
    const { document } = await createKey(world.database, { buyer: 'northwind', test: false });
    const old = generateKey('live');
    await world.database.keys.updateOne({ _id: document._id }, { $set: { hash: hashKey(old) } });
    expect((await giveBack(bearer(old))).body.error).toBe('Missing required field');
  });

  it('in a lead is removed from it, like every key', async () => {
    const reply = await send({}, { ...SAMPLE, note: `mine is ${keys.buyer}` });
    const lead = await findLead(world.database, String(reply.body.lead_id));
    expect(lead?.fields).toHaveProperty('city');
    expect(lead?.fields).not.toHaveProperty('note');
  });
});

describe('An unknown path', () => {
  const visit = (address: string, path: string, accept: string, method = 'GET') =>
    fetch(address + path, { method, headers: { accept }, redirect: 'manual' });

  it.each([
    ['the Lead API', () => world.api.address, '/docs'],
    ['the admin API', () => world.admin.address, '/admin/openapi.json'],
  ])('/ of %s leads browsers to its page and programs to JSON', async (_which, address, page) => {
    for (const method of ['GET', 'HEAD']) {
      const browser = await visit(address(), '/', 'text/html,*/*', method);
      expect([browser.status, browser.headers.get('location')]).toEqual([302, page]);
      expect((await visit(address(), '/', '*/*', method)).status).toBe(200);
    }
    const links = (await (await visit(address(), '/', '*/*')).json()) as Record<string, string>;
    for (const path of Object.values(links))
      expect((await visit(address(), path, '*/*')).status, path).toBe(200);
    expect(Object.values(links)).toContain(page);
  });

  it.each([
    ['Lead API', '/lead', () => world.api.address, 'See /docs.'],
    ['Lead API', '/admin/leads', () => world.api.address, 'The admin API is on another port.'],
    ['admin API', '/admin/leeds', () => world.admin.address, '/admin/openapi.json lists all operations.'],
    ['admin API', '/docs', () => world.admin.address, 'The Lead API serves /docs: use port '],
    ['admin API', '/ready', () => world.admin.address, 'The Lead API serves /ready: use port '],
  ])('%s: %s', async (_which, path, address, message) => {
    const reply = await visit(address(), path, '*/*');
    expect(reply.status).toBe(404);
    expect(((await reply.json()) as { message: string }).message).toContain(message);
  });
});
