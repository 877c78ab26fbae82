import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erasePersons } from '../../../activities/erasePersons.js';
import { eraseLead } from '../../../src/store/persons/erase.js';
import { withdraw } from '../../../src/store/leads/withdrawals.js';
import { openApiWorld, SAMPLE, sendLead, type ApiWorld, type Reply } from '../world.js';

describe('sending twice with an Idempotency-Key', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld({ ANSWER_WINDOW_MS: 1500 });
  });
  afterAll(() => world.close());

  const send = (name: string, lead: object = SAMPLE, headers: Record<string, string> = {}): Promise<Reply> =>
    sendLead(world, lead, { 'idempotency-key': name, ...headers });
  const count = (): Promise<number> => world.database.leads.countDocuments();

  it('returns the first answer’s lead with its current status', async () => {
    const first = await send('again');
    const second = await send('again');
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    await withdraw(world.database, String(first.body.lead_id));
    const third = await send('again');
    expect(third.body).toMatchObject({ lead_id: first.body.lead_id, status: 'withdrawn' });
  });

  it('is 422 with other fields', async () => {
    await send('changed');
    const reply = await send('changed', { ...SAMPLE, city: 'Austin' });
    expect([reply.status, reply.body.error]).toEqual([422, 'Idempotency key reused']);
  });

  it('recognizes the same fields in every format', async () => {
    const first = await send('form');
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`${world.api.address}/api/leads`, {
      method: 'POST',
      headers: { ...form, authorization: `Bearer ${world.key}`, 'idempotency-key': 'form' },
      body: new URLSearchParams(Object.entries(SAMPLE).reverse()),
    });
    expect(await response.json()).toEqual(first.body);
  });

  it('recognizes several values as a list and as a repeated name, but not other spellings', async () => {
    const lead = { ...SAMPLE, first_name: 'Eve', interests: ['roof', 'solar'] };
    const first = await send('several', lead);
    const body = new URLSearchParams({ ...SAMPLE, first_name: 'Eve' });
    for (const interest of lead.interests) body.append('interests', interest);
    const headers = { authorization: `Bearer ${world.key}`, 'idempotency-key': 'several' };
    const response = await fetch(`${world.api.address}/api/leads`, { method: 'POST', headers, body });
    expect(await response.json()).toEqual(first.body);
    expect((await send('several', { ...lead, interests: ['roof'] })).status).toBe(422);
    expect((await send('several', { ...lead, phone: '(555) 123-4567' })).status).toBe(422);
  });

  it('repeats the warnings of the first answer', async () => {
    const lead = { ...SAMPLE, zip: 'near 75001' };
    const first = await send('warned', lead);
    expect(first.body.warnings).toMatchObject([{ field: 'zip' }]);
    expect((await send('warned', lead)).body).toEqual(first.body);
  });

  it('is 409 while the first is being answered', async () => {
    const waiting = { prefer: '' };
    const before = await count();
    const first = send('early', SAMPLE, waiting);
    await expect.poll(count).toBe(before + 1);
    const second = await send('early');
    expect([second.status, second.body.error]).toEqual([409, 'Request in progress']);
    expect(second.headers.has('retry-after')).toBe(true);
    expect((await first).status).toBe(200);
    expect((await send('early')).headers.get('idempotent-replayed')).toBe('true');
  });

  it('makes one lead of many simultaneous requests', async () => {
    const before = await count();
    const replies = await Promise.all(Array.from({ length: 10 }, () => send('race', SAMPLE, { prefer: '' })));
    expect(await count()).toBe(before + 1);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it('belongs to one API key', async () => {
    const other = await world.keyFor();
    const [mine, theirs] = await Promise.all([
      send('shared'),
      sendLead({ ...world, key: other }, SAMPLE, { 'idempotency-key': 'shared' }),
    ]);
    expect(mine.body.lead_id).not.toBe(theirs.body.lead_id);
  });

  it('creates no second lead of an erased person, and keeps nothing else of the request', async () => {
    const first = await send('erased');
    const leadId = String(first.body.lead_id);
    await eraseLead(world.database, leadId, { by: 'ops@example' });
    const before = await count();
    for (const lead of [SAMPLE, { ...SAMPLE, city: 'Austin' }]) {
      const again = await send('erased', lead);
      expect(again.body).toMatchObject({ lead_id: leadId, status: 'withdrawn' });
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(await count()).toBe(before);
    const stored = await world.database.leads.findOne({ _id: leadId });
    expect(Object.keys(stored?.idempotency ?? {}).sort()).toEqual(['answeringUntil', 'key']);
  });

  it('leaves no trace of the request in an erased lead after the key has expired', async () => {
    const early = String((await send('erased early')).body.lead_id);
    await eraseLead(world.database, early, { by: 'ops@example' });
    const erase = erasePersons({ database: world.database, log: pino({ level: 'silent' }) });
    const stored = () => world.database.leads.findOne({ _id: early });
    const inHours = (hours: number) => Date.now() + hours * 60 * 60 * 1000;
    await erase({ now: inHours(23) });
    expect(await stored()).toHaveProperty('idempotency.key');
    await erase({ now: inHours(24.1) });
    expect(await stored()).not.toHaveProperty('idempotency');
    expect(await stored()).not.toHaveProperty('repeatsUntil');
  });

  it('leaves no trace in a lead that is erased after the key has expired', async () => {
    const leadId = String((await send('old')).body.lead_id);
    const receivedAt = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await world.database.leads.updateOne({ _id: leadId }, { $set: { receivedAt } });
    await eraseLead(world.database, leadId, { by: 'ops@example' });
    expect(await world.database.leads.findOne({ _id: leadId })).not.toHaveProperty('idempotency');
  });

  it('expires after 24 h', async () => {
    const first = await send('yesterday');
    const receivedAt = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await world.database.leads.updateOne({ _id: String(first.body.lead_id) }, { $set: { receivedAt } });
    const second = await send('yesterday', { ...SAMPLE, city: 'Austin' });
    expect(second.status).toBe(200);
    expect(second.body.lead_id).not.toBe(first.body.lead_id);
  });
});
