import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Contact } from '../../src/market/fields/personKeys.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { listLeads } from '../../src/store/leads/listLeads.js';
import { matchOf } from '../../src/store/persons/matchKeys.js';
import { addSuppressions, EVERY_SELLER, removeSuppressions } from '../../src/store/persons/suppressions.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld, type Reply } from './world.js';

const SUPPRESSED = {
  success: true,
  status: 'withdrawn',
  reason: 'suppressed',
  withdrawn_by: 'suppression',
};

describe('a lead of a person on a suppression list', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
    await put('ACME1234', { phone: '+1 (512) 555-0100' });
    await put('GLOBEX00', { phone: '512-555-0101' });
    await put(EVERY_SELLER, { email: 'Nobody@Example.org' });
  });
  afterAll(() => world.close());

  const match = (contact: Contact) => matchOf(world.database, contact);
  const put = async (scope: string, contact: Contact) =>
    addSuppressions(world.database, scope, [await match(contact)]);
  const send = (person: object, headers: Record<string, string> = {}): Promise<Reply> =>
    sendLead(world, { ...SAMPLE, ...person }, headers);

  it('is accepted, ends at once as suppressed, and is not offered', async () => {
    const reply = await send({ phone: '5125550100' });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ...SUPPRESSED, lead_id: expect.any(String) as string });
    const id = String(reply.body.lead_id);
    expect((await request(world, `/api/leads/${id}`)).body).toMatchObject(SUPPRESSED);
    const stored = await findStoredLead(world.database, id);
    expect(stored).toMatchObject({ status: 'withdrawn', rounds: {}, claims: {}, state: SAMPLE.state });
    // Only the person's hashes are stored, to show whose lead was not sold.
    expect(stored).not.toHaveProperty('person');
    expect(await listLeads(world.database, { match: { phone: stored?.match.phone } }, 10)).toHaveLength(1);
    // Its seller has no postback URL, so nothing remains to do and the sweep never starts it.
    expect(stored).not.toHaveProperty('dueAt');
  });

  it('gets the same answer when it is sent again', async () => {
    const again = { 'idempotency-key': 'suppressed' };
    const first = await send({ phone: '5125550100' }, again);
    const second = await send({ phone: '5125550100' }, again);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
  });

  it('is recognised by its e-mail alone, on every seller’s list', async () => {
    expect((await send({ email: 'nobody@example.org' })).body).toMatchObject(SUPPRESSED);
  });

  it('is sold if only another seller has the list, and after removal from the list', async () => {
    expect((await send({ phone: '5125550101' })).body).toMatchObject({ status: 'pending' });
    await put('ACME1234', { phone: '512-555-0102' });
    expect((await send({ phone: '5125550102' })).body).toMatchObject(SUPPRESSED);
    expect(
      await removeSuppressions(world.database, 'ACME1234', [await match({ phone: '512-555-0102' })]),
    ).toBe(1);
    expect((await send({ phone: '5125550102' })).body).toMatchObject({ status: 'pending' });
  });
});

describe('a suppressed lead of a seller who wants postbacks', () => {
  let world: ApiWorld;
  let crm: FakeBuyer;
  beforeAll(async () => {
    [world, crm] = await Promise.all([openApiWorld(), startBuyer()]);
    await world.database.sellers.updateOne({ _id: 'ACME1234' }, { $set: { postbacks: [crm.url] } });
    const person = await matchOf(world.database, { phone: SAMPLE.phone });
    await addSuppressions(world.database, 'ACME1234', [person]);
  });
  afterAll(async () => {
    await crm.close();
    await world.close();
  });

  it('is reported by one postback, like a lead sold in the call', async () => {
    const again = { 'idempotency-key': 'suppressed' };
    const { body } = await sendLead(world, SAMPLE, again);
    expect(body).toMatchObject(SUPPRESSED);
    const id = String(body.lead_id);
    // No worker runs. If this process does not start it, the sweep does.
    expect(await findStoredLead(world.database, id)).toHaveProperty('dueAt');
    expect((await sendLead(world, SAMPLE, again)).body).toEqual(body);

    const worker = await workerOf(world.settings);
    onTestFinished(() => worker.stop());
    await expect.poll(() => crm.received.length, { timeout: 30_000 }).toBeGreaterThan(0);
    const { success: _success, ...told } = SUPPRESSED;
    expect(crm.received.map((postback) => postback.body)).toMatchObject([
      { type: 'lead.withdrawn', lead_id: id, ...told, test: false },
    ]);
    await expect.poll(() => findStoredLead(world.database, id)).not.toHaveProperty('dueAt');
    expect(await findStoredLead(world.database, id)).toMatchObject({ status: 'withdrawn', rounds: {} });
  });
});
