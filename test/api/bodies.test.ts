import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/store/keys/apiKeys.js';
import { findLead } from '../../src/store/leads/leads.js';
import { openApiWorld, request, SAMPLE, type ApiWorld, type Reply } from './world.js';

describe('a lead is read from every supported body and query', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const send = (
    query: string,
    body?: RequestInit['body'],
    headers: Record<string, string> = {},
  ): Promise<Reply> =>
    request(world, `/api/leads${query}`, {
      method: 'POST',
      body,
      headers: { prefer: 'respond-async', ...headers },
    });
  const json = (lead: object, query = ''): Promise<Reply> =>
    send(query, JSON.stringify(lead), { 'content-type': 'application/json' });
  const stored = async (reply: Reply) => {
    expect(reply.body).toMatchObject({ success: true, status: 'pending' });
    return findLead(world.database, String(reply.body.lead_id));
  };
  const { seller, category, ...person } = SAMPLE;
  const query = `?${new URLSearchParams(SAMPLE).toString()}`;
  const multipart = (): FormData => {
    const form = new FormData();
    for (const [name, value] of Object.entries(SAMPLE)) form.set(name, value);
    return form;
  };
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

  it.each<[string, () => Promise<Reply>]>([
    ['JSON', () => json(SAMPLE)],
    [
      'JSON with a charset',
      () => send('', JSON.stringify(SAMPLE), { 'content-type': 'Application/JSON; charset=utf-8' }),
    ],
    ['JSON without a content type', () => send('', bytes(JSON.stringify(SAMPLE)))],
    ['a form', () => send('', new URLSearchParams(SAMPLE))],
    ['multipart', () => send('', multipart())],
    ['a query and no body', () => send(query)],
    [
      'a query with a content type and no body',
      () => send(query, null, { 'content-type': 'application/json' }),
    ],
    [
      'a query with an empty form',
      () => send(query, '', { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    ['a query and a body', () => json(person, `?seller=${seller}&category=Auto%20Insurance`)],
    ['the seller’s slug', () => json({ ...SAMPLE, seller: 'acme-insurance' })],
    ['the category in another case', () => json({ ...SAMPLE, category: ' auto  INSURANCE ' })],
    ['a path with a slash at its end', () => send(`/${query}`)],
  ])('%s', async (_name, post) => {
    const lead = await stored(await post());
    expect(lead).toMatchObject({
      seller: 'ACME1234',
      campaign: 'ACME1234/auto-insurance',
      category: 'Auto Insurance',
      state: 'TX',
      test: false,
      currency: 'USD',
      fields: person,
    });
    expect(category).toBe('Auto Insurance');
  });

  it('a request with all fields in the query is complete', async () => {
    const lead = await stored(
      await send('?seller=ACME1234&category=Solar&state=TX&firstName=John&phone=555-1234'),
    );
    expect(lead?.fields).toEqual({ firstName: 'John', phone: '555-1234', state: 'TX' });
    expect(lead?.phoneE164).toBeUndefined();
  });

  it('if both contain a field, the body wins, even with a blank', async () => {
    const lead = await stored(
      await json({ ...SAMPLE, city: 'Austin', zip: null }, '?city=Dallas&zip=75001&subId=q'),
    );
    expect(lead?.fields).toMatchObject({ city: 'Austin', subId: 'q' });
    expect(lead?.fields).not.toHaveProperty('zip');
  });

  it('numbers and booleans are read as text, and blank values are omitted', async () => {
    const lead = await stored(
      await json({ ...SAMPLE, zip: 75001, homeowner: true, age: 42.5, note: '  ', score: -0 }),
    );
    expect(lead?.fields).toMatchObject({ zip: '75001', homeowner: 'true', age: '42.5', score: '0' });
    expect(lead?.fields).not.toHaveProperty('note');
  });

  it('bidirectional marks are dropped, because they are copied along with a number from a contact', async () => {
    const lead = await stored(
      await json({
        ...SAMPLE,
        phone: '\u202a+1 212-555-0187\u202c',
        city: '\u202eDallas\u200f',
        note: '\u200e',
      }),
    );
    expect(lead).toMatchObject({
      phoneE164: '+12125550187',
      fields: { phone: '+12125550187', city: 'Dallas' },
    });
    expect(lead?.fields).not.toHaveProperty('note');
  });

  it('a state and a phone are stored in normal form and as sent', async () => {
    const lead = await stored(await json({ ...SAMPLE, state: 'new york', phone: '(212) 555-0100 ext. 7' }));
    expect(lead).toMatchObject({ state: 'NY', phoneE164: '+12125550100' });
    expect(lead?.fields).toMatchObject({ state: 'NY', phone: '+12125550100', phoneExtension: '7' });
    expect(lead?.sent).toEqual({ state: 'new york', phone: '(212) 555-0100 ext. 7' });
  });

  it.each<[string, () => Promise<Reply>, string, string]>([
    ['a query parameter given twice', () => json(SAMPLE, '?subId=a&subId=b'), 'subId', 'given twice'],
    ['the seller given twice', () => send(`${query}&seller=X`), 'seller', 'given twice'],
    [
      'a form field given twice',
      () =>
        send('', bytes(`${query.slice(1)}&zip=75002`), {
          'content-type': 'application/x-www-form-urlencoded',
        }),
      'zip',
      'given twice',
    ],
    [
      'an object',
      () => json({ ...SAMPLE, zip: { five: '75001' } }),
      'zip',
      'an object; send one text, number or boolean',
    ],
    ['a list', () => json({ ...SAMPLE, zip: ['75001'] }), 'zip', 'a list; send one text, number or boolean'],
  ])('%s is an invalid field', async (_name, post, field, problem) => {
    const reply = await post();
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ error: 'Invalid field', fields: [{ field, problem }] });
  });

  it.each<[string, () => Promise<Reply>]>([
    [
      'curl -d',
      () => send('', JSON.stringify(SAMPLE), { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    [
      'curl --data-urlencode',
      () =>
        send('', encodeURIComponent(JSON.stringify(SAMPLE)), {
          'content-type': 'application/x-www-form-urlencoded',
        }),
    ],
  ])('JSON with a form’s header (%s) gets an error that names the missing header', async (_name, post) => {
    const reply = await post();
    expect(reply.body.error).toBe('Invalid request');
    expect(reply.body.message).toContain('Content-Type: application/json');
  });

  it.each<[string, Buffer, string | undefined, RegExp]>([
    [
      'JSON with a fault',
      Buffer.from('{"seller": "ACME1234",\n "category": Solar}'),
      'application/json',
      /^The body is not JSON\. Line 2, column 14: this is not a JSON value; write texts in double quotes\./,
    ],
    ['JSON in a list', Buffer.from('[{}]'), 'application/json', /^The body is a list\. Send one JSON object/],
    [
      'a form without its header',
      Buffer.from(query.slice(1)),
      undefined,
      /looks like a form: send the header "Content-Type: application\/x-www-form-urlencoded"/,
    ],
    [
      'JSON in UTF-16',
      Buffer.from(JSON.stringify(SAMPLE), 'utf16le'),
      'application/json; charset=utf-16',
      /^The body is in UTF-16\. Send it in UTF-8\.$/,
    ],
    [
      'JSON in Latin-1',
      Buffer.from('{"seller": "ACME1234",\n "note": "caf\u00e9"}', 'latin1'),
      'application/json; charset=iso-8859-1',
      /^The body is not in UTF-8: line 2, column 14 has the byte 0xE9, probably Latin-1/,
    ],
    [
      'JSON that ends in the middle of a character',
      Buffer.from('{"note": "\u20ac').subarray(0, -1),
      'application/json',
      /^The body is not in UTF-8: line 1, column 11 has the byte 0xE2/,
    ],
    [
      'a form in Latin-1',
      Buffer.from(`${query.slice(1)}&note=caf%E9`),
      'application/x-www-form-urlencoded',
      /^The field "note" is not in UTF-8\. .*%C3%A9/,
    ],
    [
      'a form in UTF-16',
      Buffer.from(query.slice(1), 'utf16le'),
      'application/x-www-form-urlencoded',
      /^The body is in UTF-16\./,
    ],
  ])('%s gets an error that names the fault', async (_name, body, type, message) => {
    const reply = await send('', new Uint8Array(body), type === undefined ? {} : { 'content-type': type });
    expect([reply.status, reply.body.error]).toEqual([400, 'Invalid request']);
    expect(reply.body.message).toMatch(message);
  });

  it.each([
    ['without a boundary', 'multipart/form-data'],
    ['cut off', 'multipart/form-data; boundary=b'],
  ])('multipart %s is an invalid request', async (_name, type) => {
    const reply = await send('', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', {
      'content-type': type,
    });
    expect([reply.status, reply.body.error]).toEqual([400, 'Invalid request']);
  });

  it('an API key in the wrong place is dropped', async () => {
    const key = generateKey('live');
    const page = `https://quotes.example/?key=${key}`;
    const reply = await json({ ...SAMPLE, api_key: key, landingPage: page, [key]: 'x' }, `?key=${key}`);
    expect((await stored(reply))?.fields).toEqual(person);
  });
});
