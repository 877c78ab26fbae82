import { afterAll, beforeAll, expect, describe, it } from 'vitest';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from './world.js';

describe('the log', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  it('has one line per request, without personal data, the query or the key', async () => {
    const query = `?${new URLSearchParams({ ...SAMPLE, key: world.key }).toString()}`;
    await sendLead(world);
    await request(world, `/api/leads${query}`, { method: 'POST', headers: { prefer: 'respond-async' } });
    await request(world, `/nowhere${query}`);
    await request(world, `/api/%zz${query}`); // Not HTTP enough for a line.
    await request(world, `/api/leads${query}`, {
      method: 'POST',
      headers: { authorization: 'Bearer 555-123-4567' },
    });
    await sendLead(world, { ...SAMPLE, phone: 'Dallas', email: 'Dallas' });
    const lines = () => world.logged.filter((line) => line.includes('"event":"request"'));
    await expect.poll(() => lines().length).toBe(5);

    const [first] = await world.database.keys.find().toArray();
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({
      event: 'request',
      method: 'POST',
      route: '/api/leads',
      status: 200,
      ms: expect.any(Number) as number,
      request_id: expect.any(String) as string,
      key_id: first?._id,
      source: first?.source,
    });
    const log = world.logged.join('\n');
    const { seller, category, state, ...person } = SAMPLE;
    expect(log).not.toContain(seller + category + state);
    for (const word of [...Object.values(person), world.key, '5551234567', 'email.com', 'nowhere']) {
      expect(log).not.toContain(word);
    }
  });

  it('ignores a key in the URL or the body', async () => {
    const path = `/api/leads?key=${world.key}&api_key=${world.key}`;
    const reply = await request(world, path, {
      method: 'POST',
      headers: { authorization: '', 'content-type': 'application/json' },
      body: JSON.stringify({ ...SAMPLE, authorization: `Bearer ${world.key}` }),
    });
    expect(reply.status).toBe(401);
    expect(JSON.stringify(reply.body)).not.toContain(world.key);
  });
});
