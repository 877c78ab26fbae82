import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/api/errorTable.js';
import { createKey, generateKey, revokeKey } from '../../src/store/keys/apiKeys.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

describe('every error has its exact text and shape', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const json = { 'content-type': 'application/json' };
  const post = (body: RequestInit['body'], headers: Record<string, string> = json): Promise<Reply> =>
    request(world, '/api/leads', { method: 'POST', body, headers });
  const file = (): FormData => {
    const form = new FormData();
    form.set('photo', new Blob(['x']), 'photo.png');
    return form;
  };
  const without = (field: string) => ({ ...SAMPLE, [field]: ' ' });
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`field${i}`, 'x']));
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

  const table: [
    name: string,
    send: () => Promise<Reply>,
    status: number,
    error: string,
    fields?: object[],
  ][] = [
    [
      'a required field is blank',
      () => sendLead(world, without('lastName')),
      400,
      'Missing required field',
      [{ field: 'lastName', problem: 'missing' }],
    ],
    [
      'a field is missing beside another fault',
      () => sendLead(world, { ...without('phone'), state: 'ZZ' }),
      400,
      'Missing required field',
      [
        { field: 'phone', problem: 'missing' },
        { field: 'state', problem: 'not a US state or territory' },
      ],
    ],
    [
      'nothing is sent',
      () => request(world, '/api/leads', { method: 'POST' }),
      400,
      'Missing required field',
      ['seller', 'category'].map((field) => ({
        field,
        problem: 'missing',
      })),
    ],
    [
      'the category is unknown',
      () => sendLead(world, { ...SAMPLE, category: 'Boats' }),
      400,
      'No matching campaign',
    ],
    [
      'the campaign is not active',
      () => sendLead(world, { ...SAMPLE, category: 'Roofing' }),
      400,
      'No matching campaign',
    ],
    [
      'a value has the wrong form',
      () => sendLead(world, { ...SAMPLE, phone: '12', state: 'Texass', email: 'john' }),
      400,
      'Invalid field',
      [
        { field: 'phone', problem: 'not a phone number of 7 to 15 digits' },
        { field: 'state', problem: 'not a US state or territory' },
      ],
    ],
    ['a list', () => sendLead(world, { ...SAMPLE, zip: ['75001'] }), 400, 'Invalid field'],
    ['unreadable JSON', () => post('{"seller":'), 400, 'Invalid request'],
    ['a body that is not an object', () => post('[1]'), 400, 'Invalid request'],
    ['no key', () => sendLead(world, SAMPLE, { authorization: '' }), 401, 'Invalid API Key'],
    ['a malformed key', () => sendLead(world, SAMPLE, bearer('gvl_live_x')), 401, 'Invalid API Key'],
    ['an unknown key', () => sendLead(world, SAMPLE, bearer(generateKey('live'))), 401, 'Invalid API Key'],
    [
      'a key in another scheme',
      () => sendLead(world, SAMPLE, { authorization: `Basic ${world.key}` }),
      401,
      'Invalid API Key',
    ],
    ['another seller', () => sendLead(world, { ...SAMPLE, seller: 'GLOBEX00' }), 401, 'Invalid API Key'],
    ['an unknown seller', () => sendLead(world, { ...SAMPLE, seller: 'NOBODY00' }), 401, 'Invalid API Key'],
    ['no such address', () => request(world, '/api/lead', { method: 'POST', body: '{}' }), 404, 'Not found'],
    [
      'no such lead',
      () => request(world, '/api/leads/01990000-0000-7000-8000-000000000000'),
      404,
      'Not found',
    ],
    ['an id of another form', () => request(world, '/api/leads/1'), 404, 'Not found'],
    [
      'another method',
      () => request(world, '/api/leads', { method: 'PUT', body: 'x' }),
      405,
      'Method not allowed',
    ],
    ['a body over 64 KiB', () => post(JSON.stringify({ a: 'x'.repeat(66_000) })), 413, 'Request too large'],
    ['over 100 fields', () => post(JSON.stringify(many)), 413, 'Request too large'],
    ['a long name', () => post(JSON.stringify({ ['n'.repeat(65)]: 'x' })), 413, 'Request too large'],
    ['a long value', () => post(JSON.stringify({ city: 'x'.repeat(10_001) })), 413, 'Request too large'],
    [
      'a long address',
      () => request(world, `/api/leads?a=${'x'.repeat(66_000)}`, { method: 'POST' }),
      414,
      'Request too large',
    ],
    ['a file', () => post(file(), {}), 415, 'Unsupported content type'],
    [
      'another content type',
      () => post('<lead/>', { 'content-type': 'text/xml' }),
      415,
      'Unsupported content type',
    ],
    [
      'no content type at all',
      () => post('x', { 'content-type': 'nonsense' }),
      415,
      'Unsupported content type',
    ],
    ['a percent sign that encodes nothing', () => request(world, '/api/%zz'), 400, 'Invalid request'],
    [
      'an empty Idempotency-Key',
      () => sendLead(world, SAMPLE, { 'idempotency-key': '' }),
      400,
      'Invalid request',
    ],
    [
      'a long Idempotency-Key',
      () => sendLead(world, SAMPLE, { 'idempotency-key': 'k'.repeat(256) }),
      400,
      'Invalid request',
    ],
  ];

  it.each(table)('%s', async (_name, send, status, error, fields) => {
    const reply = await send();
    expect([reply.status, reply.body.error]).toEqual([status, error]);
    expect(reply.body).toEqual({
      success: false,
      error,
      message: expect.stringMatching(/\w.*\.$/) as string,
      request_id: reply.headers.get('x-request-id'),
      ...(reply.body.fields === undefined ? {} : { fields: fields ?? (expect.any(Array) as object[]) }),
    });
    if (fields !== undefined) expect(reply.body.fields).toEqual(fields);
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('a category that is paused without an end is rejected with that reason, not as an unknown category', async () => {
    const paused = await sendLead(world, { ...SAMPLE, category: 'Roofing' });
    expect(paused.body.message).toContain('takes no leads of this category at present: it is paused.');
    const unknown = await sendLead(world, { ...SAMPLE, category: 'Boats' });
    expect(unknown.body.message).toContain('The seller has no campaign of this category.');
  });

  it('a category that is paused until a time is rejected with that time, and accepted after it', async () => {
    const paused = await sendLead(world, { ...SAMPLE, category: 'Gutters' });
    expect([paused.status, paused.body.error]).toEqual([400, 'No matching campaign']);
    expect(paused.body.message).toContain('until 2999-01-01 09:00:00 UTC');
    expect((await sendLead(world, { ...SAMPLE, category: 'Windows' })).status).toBe(200);
  });

  it('401 names the authentication scheme', async () => {
    expect((await sendLead(world, SAMPLE, { authorization: '' })).headers.get('www-authenticate')).toBe(
      'Bearer',
    );
  });

  it('405 names the allowed methods', async () => {
    const reply = await request(world, '/api/leads/x', { method: 'DELETE' });
    expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, ERRORS.invalidRequest.error],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400, ERRORS.invalidRequest.error],
    [
      'long headers',
      `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      431,
      ERRORS.tooLarge.error,
    ],
  ])('%s', async (_name, text, status, error) => {
    const answer = await raw(world.api.address, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ success: false, error });
  });

  it('a revoked key and an expired one are rejected within 2 s', async () => {
    const { key, document } = await createKey(world.database, { seller: 'ACME1234', test: false });
    expect((await sendLead({ ...world, key })).status).toBe(200);
    await revokeKey(world.database, document._id);
    await expect.poll(async () => (await sendLead({ ...world, key })).status, { timeout: 2000 }).toBe(401);
    const expired = await world.keyFor({ expiresAt: new Date(Date.now() - 1) });
    expect((await sendLead({ ...world, key: expired })).status).toBe(401);
  });
});

/** Sends raw bytes and reads until the server closes the connection. */
function raw(address: string, text: string): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}
