import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Inbound } from '../../../src/market/mapping/inbound.js';
import { missingSecrets } from '../../../src/operations/market/missingSecrets.js';
import { readTerms } from '../../../src/store/market/readMarket.js';
import { createKey, revokeKey } from '../../../src/store/keys/apiKeys.js';
import { setNamedSecret } from '../../../src/store/keys/namedSecrets.js';
import { listPayloads, openPayload, replayPayloads } from '../../../src/store/leads/payloads.js';
import { openApiWorld, type ApiWorld } from '../world.js';
import { processorClock } from '../../support/processorClock.js';

const FIELDS: Inbound['fields'] = {
  category: { const: 'Auto Insurance' },
  firstName: { from: ['first'] },
  lastName: { from: ['last'] },
  phone: { from: ['tel'], as: 'phone' },
  state: { from: ['state'] },
};

const SOURCES: Record<string, Inbound> = {
  forms: { fields: FIELDS, once: ['id'] },
  open: { open: true, fields: FIELDS, brackets: true },
  signed: {
    prove: [
      { hmac: 'sha256', header: 'x-signature', encoding: 'hex', secret: '{{secret:SIGNED}}' },
      { field: 'key', equals: '{{secret:KEY}}' },
    ],
    fields: FIELDS,
  },
  basic: { prove: [{ basic: { user: 'gavel', password: '{{secret:KEY}}' } }], fields: FIELDS },
  unset: { prove: [{ header: 'x-key', equals: '{{secret:NOWHERE}}' }], fields: FIELDS },
  several: { open: true, fields: FIELDS, each: 'leads' },
  page: { open: true, fields: FIELDS, answer: { redirect: 'https://forms.example/thanks', refused: 422 } },
  meta: {
    challenge: { kind: 'meta', secret: '{{secret:KEY}}' },
    fields: FIELDS,
    preset: 'metaLead',
    secret: '{{secret:SIGNED}}',
  },
  linkedin: { preset: 'linkedin', secret: '{{secret:SIGNED}}', fields: FIELDS, open: true },
};

const META_FIELDS: Inbound['fields'] = {
  category: { const: 'Auto Insurance' },
  firstName: { from: ['full_name'], part: 'first' },
  lastName: { from: ['full_name'], part: 'last' },
  phone: { from: ['phone_number'] },
  state: { from: ['state'] },
};

/** A platform that knows the lead 4201. */
async function openPlatform(): Promise<{ url: string; asked: string[]; close: () => Promise<void> }> {
  const asked: string[] = [];
  const lead = Object.entries({ full_name: 'Ann Doe', phone_number: '+12145550187', state: 'TX' });
  const field_data = lead.map(([name, value]) => ({ name, values: [value] }));
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const isKnown = url.startsWith('/v24.0/4201?');
    response.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? { id: '4201', field_data } : { error: {} }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

const ANN = { first: 'Ann', last: 'Doe', tel: '214-555-0187', state: 'TX' };

describe('A source’s address', () => {
  let world: ApiWorld;
  let key: string;
  let keyId: string;
  beforeAll(async () => {
    world = await openApiWorld();
    const { database } = world;
    const sources = Object.fromEntries(Object.entries(SOURCES).map(([name, inbound]) => [name, { inbound }]));
    await database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { sources } });
    const by = { who: 'test', via: 'cli' as const };
    await setNamedSecret(database, { name: 'SIGNED' }, 'signing secret', by);
    await setNamedSecret(database, { name: 'KEY' }, 'a key', by);
    const made = await createKey(database, {
      seller: 'ACME1234',
      source: 'forms',
      test: false,
      address: true,
    });
    key = made.key;
    keyId = made.document._id;
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.database.leads.deleteMany({});
    await world.database.payloads.deleteMany({});
  });

  async function post(
    path: string,
    body: string | object,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; headers: Headers }> {
    const response = await fetch(world.api.address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  const leads = () => world.database.leads.countDocuments({});
  const signed = (body: string, secret = 'signing secret') => ({
    'x-signature': createHmac('sha256', secret).update(body).digest('hex'),
  });

  test('takes a lead by the key in its path, at once and once', async () => {
    const first = await post(`/in/forms/${key}`, { ...ANN, id: 7 });
    expect(first).toMatchObject({ status: 200 });
    expect(JSON.parse(first.text)).toMatchObject({ success: true, status: 'pending' });
    const again = await post(`/in/forms/${key}`, { ...ANN, id: 7 });
    expect(JSON.parse(again.text)).toMatchObject({ success: true, repeated: true });
    expect(await leads()).toBe(1);
    const [lead] = await world.database.leads.find({}).toArray();
    expect(lead).toMatchObject({ seller: 'ACME1234', source: 'forms', key: keyId, test: false });
  });

  test.each([
    ['without a key', '/in/forms'],
    ['with an invented key', '/in/forms/secret'],
    ['with a key of the Lead API', '/in/forms/LEAD_API_KEY'],
    ['of no source', '/in/nobody'],
    ['of a name of JavaScript’s', '/in/__proto__/constructor'],
    ['of a path trick', '/in/forms%2F..%2F..%2Fadmin'],
    ['of a name with a dot', '/in/forms.inbound'],
  ])('refuses a request %s', async (_what, path) => {
    const reply = await post(path.replace('LEAD_API_KEY', world.key), ANN);
    expect(reply.status).toBe(401);
    expect(await leads()).toBe(0);
    expect(await world.database.payloads.countDocuments({})).toBe(0);
  });

  test('is good for nothing but itself: its key opens neither the Lead API nor another source', async () => {
    const asKey = await post('/api/leads', {}, { authorization: `Bearer ${key}` });
    expect(asKey).toMatchObject({ status: 401 });
    expect((await post(`/in/page/${key}`, ANN)).status).toBe(401);
  });

  test('is never logged', async () => {
    await post(`/in/forms/${key}`, { ...ANN, id: 8 });
    expect(world.logged.join('\n')).not.toContain(key);
    expect(world.logged.join('\n')).toContain('/in/:source/:secret');
  });

  test('takes signed requests, and only if every proof holds', async () => {
    const body = JSON.stringify({ ...ANN, KEY: 'a key' });
    expect((await post('/in/signed', body, signed(body))).status).toBe(200);
    const wrongKey = JSON.stringify({ ...ANN, key: 'another' });
    expect((await post('/in/signed', wrongKey, signed(wrongKey))).status).toBe(401);
    expect((await post('/in/signed', body, signed(body, 'another'))).status).toBe(401);
    expect((await post('/in/signed', body)).status).toBe(401);
    expect((await post('/in/signed', `${body} `, signed(body))).status).toBe(401);
    expect((await post('/in/signed', '{', signed(body))).status).toBe(401);
    expect(await leads()).toBe(1);
    expect(await world.database.payloads.countDocuments({})).toBe(0);
  });

  test('takes user and password', async () => {
    const basic = (password: string) => ({
      authorization: `Basic ${Buffer.from(`gavel:${password}`).toString('base64')}`,
    });
    expect((await post('/in/basic', ANN, basic('a key'))).status).toBe(200);
    expect((await post('/in/basic', ANN, basic('another'))).status).toBe(401);
  });

  test('with a secret that is not stored brings a caution at apply', async () => {
    const cautions = await missingSecrets(world.database, await readTerms(world.database));
    expect(cautions).toEqual([
      'A secret that the source unset of ACME1234 uses, NOWHERE, is not stored, so it brings no leads: `gavel secrets set NOWHERE`.',
    ]);
  });

  test('answers 503 while a secret is not set, so that nothing is lost', async () => {
    const reply = await post('/in/unset', ANN, { 'x-key': 'x' });
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('60');
  });

  test('answers 200 to a lead that it refuses, and keeps the request encrypted', async () => {
    const reply = await post('/in/open', { first: 'Marisol' });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ success: false });
    const [payload] = await listPayloads(world.database, { source: 'open', now: new Date() });
    if (payload === undefined) throw new Error('The request was not kept');
    expect(payload.reason).toMatch(/phone \(missing\)/);
    expect(JSON.stringify(payload)).not.toContain('Marisol');
    expect(openPayload(world.database, payload).body.toString()).toBe('{"first":"Marisol"}');
    expect(payload.sealed.body.buffer.toString()).not.toContain('Marisol');
  });

  test('keeps the newest 20 failed requests of a source', async () => {
    for (let i = 0; i < 23; i++) await post('/in/open', { first: `Ann ${i}` });
    const kept = await listPayloads(world.database, { source: 'open', now: new Date() });
    expect(kept).toHaveLength(20);
    const [newest] = kept;
    expect(newest && openPayload(world.database, newest).body.toString()).toContain('Ann 22');
  });

  test('takes a failed request again once its mapping is corrected', async () => {
    const { tel, ...rest } = ANN;
    await post('/in/open', { ...rest, mobile: tel });
    expect(await leads()).toBe(0);
    await world.database.sellers.updateOne(
      { _id: 'ACME1234' },
      { $set: { 'sources.open.inbound.fields.phone': { from: ['mobile'] } } },
    );
    await expect
      .poll(
        async () => {
          await replayPayloads(world.database, { source: 'open', now: new Date() });
          return leads();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(1);
    await expect.poll(() => world.database.payloads.countDocuments({}), { timeout: 10_000 }).toBe(0);
  });

  test('takes only those of several leads again that were refused', async () => {
    await post('/in/several', { leads: [ANN, { first: 'Bo' }, { ...ANN, tel: '214-555-0188' }] });
    expect(await leads()).toBe(2);
    expect(await replayPayloads(world.database, { source: 'several', now: new Date() })).toBe(1);
    await expect
      .poll(
        async () => {
          const [payload] = await listPayloads(world.database, { source: 'several', now: new Date() });
          return [payload?.state, payload?.attempts];
        },
        { timeout: 20_000 },
      )
      .toEqual(['failed', 1]);
    expect(await leads()).toBe(2);
  });

  test('counts each lead of a request against the limit of its source', async () => {
    const made = await createKey(world.database, {
      ...{ seller: 'ACME1234', source: 'several', test: false, address: true, limit: 5 },
    });
    const send = (count: number) =>
      post(`/in/several/${made.key}`, {
        leads: Array.from({ length: count }, (_, i) => ({ ...ANN, tel: `214-555-01${10 + i}` })),
      });
    expect((await send(2)).status).toBe(200);
    expect((await send(8)).status).toBe(200);
    expect((await send(1)).status).toBe(429);
    expect(await leads()).toBe(10);
  });

  test('never keeps a key that a request repeats', async () => {
    await post(`/in/forms/${key}`, { first: 'Ann', webhookURL: `https://gavel.example/in/forms/${key}` });
    const [payload] = await listPayloads(world.database, { source: 'forms', now: new Date() });
    expect(payload && openPayload(world.database, payload).body.toString()).toContain('/in/forms/(key)');
  });

  test('refuses more leads than one request may have, instead of taking some of them', async () => {
    const reply = await post('/in/several', { leads: Array(501).fill(0) });
    expect(reply.text).toContain('more than 500 leads');
    const [payload] = await listPayloads(world.database, { source: 'several', now: new Date() });
    expect(payload?.reason).toContain('more than 500 leads');
    await post('/in/several', { leads: [ANN, { ...ANN, tel: '214-555-0188' }] });
    expect(await leads()).toBe(2);
  });

  test('says how to send a lead whose fields are in the address', async () => {
    const query = new URLSearchParams(ANN).toString();
    const asGet = await fetch(`${world.api.address}/in/open?${query}`);
    expect([asGet.status, asGet.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await asGet.text()).toContain('Send the lead as a POST, with its fields in the body.');
    const asPost = await post(`/in/open?${query}`, '');
    expect(asPost.text).toContain('The request has no body. Fields in the address are not read.');
  });

  test('sends a person’s browser to a page', async () => {
    const reply = await post('/in/page', new URLSearchParams(ANN).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(reply.status).toBe(303);
    expect(reply.headers.get('location')).toBe('https://forms.example/thanks');
    expect((await post('/in/page', { first: 'Ann' })).status).toBe(422);
  });

  test('answers Meta’s challenge, and only with the agreed token', async () => {
    const made = await createKey(world.database, {
      seller: 'ACME1234',
      source: 'meta',
      test: false,
      address: true,
    });
    const ask = (token: string) =>
      fetch(
        `${world.api.address}/in/meta/${made.key}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`,
      );
    const right = await ask('a%20key');
    expect([right.status, right.headers.get('content-type'), await right.text()]).toEqual([
      200,
      'text/plain; charset=utf-8',
      '1158201444',
    ]);
    expect((await ask('another')).status).toBe(403);
  });

  test('reads a lead that Meta announces from its platform, with the operator’s token', async () => {
    const { url, asked, close } = await openPlatform();
    const fetchFrom = {
      id: 'leadgen_id',
      url: `${url}/v24.0/{id}`,
      token: '{{secret:KEY}}',
      parameter: 'access_token',
    };
    await world.database.sellers.updateOne(
      { _id: 'ACME1234' },
      {
        $set: {
          'sources.graph': {
            inbound: {
              preset: 'metaLead',
              secret: '{{secret:SIGNED}}',
              fetch: fetchFrom,
              fields: META_FIELDS,
            },
          },
        },
      },
    );
    const body = JSON.stringify({
      object: 'page',
      entry: [
        {
          changes: [
            { field: 'leadgen', value: { leadgen_id: '4201' } },
            { field: 'leadgen', value: { leadgen_id: '4202' } },
            { field: 'feed', value: {} },
          ],
        },
      ],
    });
    const sign = {
      'x-hub-signature-256': `sha256=${createHmac('sha256', 'signing secret').update(body).digest('hex')}`,
    };
    expect((await post('/in/graph', body)).status).toBe(401);
    expect((await post('/in/graph', body, sign)).status).toBe(200);
    await expect.poll(leads, { timeout: 20_000 }).toBe(1);
    expect(asked).toContain('/v24.0/4201?access_token=a+key');
    // The platform does not know the other one yet: it is asked again later.
    await expect
      .poll(
        async () =>
          (await listPayloads(world.database, { source: 'graph', now: new Date() })).map(
            ({ state, reason }) => [state, reason],
          ),
        { timeout: 20_000 },
      )
      .toEqual([['due', 'the platform answered 400']]);
    // A repeated notification makes no second lead.
    expect((await post('/in/graph', body, sign)).status).toBe(200);
    await expect
      .poll(() => asked.filter((path) => path.includes('4201')).length, { timeout: 20_000 })
      .toBe(2);
    expect(await leads()).toBe(1);
    await close();
  });

  test('answers LinkedIn’s challenge', async () => {
    const code = '890e4665-4dfe-4ab1-b689-000000000042';
    const reply = await fetch(`${world.api.address}/in/linkedin?challengeCode=${code}`);
    expect(await reply.json()).toEqual({
      challengeCode: code,
      challengeResponse: createHmac('sha256', 'signing secret').update(code).digest('hex'),
    });
  });

  test('signs nothing for a stranger but a challenge', async () => {
    const forged = encodeURIComponent('hmacsha256={"leadAction":"CREATED"}');
    const reply = await fetch(`${world.api.address}/in/linkedin?challengeCode=${forged}`);
    expect(reply.status).toBe(400);
  });

  test('is closed as soon as its key is revoked', async () => {
    const made = await createKey(world.database, {
      seller: 'ACME1234',
      source: 'forms',
      test: false,
      address: true,
    });
    expect((await post(`/in/forms/${made.key}`, { ...ANN, id: 9 })).status).toBe(200);
    await revokeKey(world.database, made.document._id);
    await expect
      .poll(async () => (await post(`/in/forms/${made.key}`, ANN)).status, { timeout: 5000 })
      .toBe(401);
  });

  test.each<[what: string, body: string, type: string]>([
    ['deep nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, 'application/json'],
    ['deep nesting in an object', `${'{"a":'.repeat(9000)}1${'}'.repeat(9000)}`, 'application/json'],
    ['no JSON', '{"first":', 'application/json'],
    ['JSON that ends within a text', `{"first":"${'x'.repeat(60_000)}`, 'application/json'],
    ['JSON that ends within many texts', `{"first":"${String.raw`\"`.repeat(30_000)}`, 'application/json'],
    ['a number', '1', 'application/json'],
    ['no body', '', 'application/json'],
    [
      'names of prototypes',
      '{"__proto__":{"first":"Eve","tel":"x"},"constructor":{"prototype":{"first":"Eve"}}}',
      'application/json',
    ],
    [
      'names of prototypes in a form',
      '__proto__[first]=Eve&constructor[prototype][first]=Eve',
      'application/x-www-form-urlencoded',
    ],
    ['many brackets', `a${'[b]'.repeat(15_000)}=1`, 'application/x-www-form-urlencoded'],
    [
      'many names',
      Array.from({ length: 5000 }, (_, i) => `n${i}=1`).join('&'),
      'application/x-www-form-urlencoded',
    ],
    ['a repeated pattern', `{"first":"${'a '.repeat(25_000)}!"}`, 'application/json'],
    [
      'an expression that takes long',
      `{"tel":"${'1'.repeat(30_000)}x","state":"${'- '.repeat(10_000)}"}`,
      'application/json',
    ],
    ['Latin-1', 'first=Ren\\xe9', 'application/x-www-form-urlencoded'],
    ['XML', '<a/>', 'application/xml'],
  ])('survives %s', async (_what, body, type) => {
    const spent = processorClock();
    const reply = await post('/in/open', body, { 'content-type': type });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({ success: false });
    expect(spent()).toBeLessThan(2000);
    expect(await leads()).toBe(0);
    expect(({} as Record<string, unknown>).first).toBeUndefined();
  });

  test('reads no more than 64 KiB', async () => {
    expect((await post('/in/open', `{"a":"${'x'.repeat(70_000)}"}`)).status).toBe(413);
  });
});
