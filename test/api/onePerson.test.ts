import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formerPersonKeys, personKeys } from '../../src/market/fields/personKeys.js';
import { withdraw } from '../../src/store/leads/withdrawals.js';
import { openAdminWorld, type AdminWorld } from './adminWorld.js';
import { SAMPLE, sendLead } from './world.js';

/** One number in the notations of sources, spreadsheets and dialers. */
const SPELLINGS = [
  '2145550187',
  '(214) 555-0187',
  '001-214-555-0187',
  '2145550187.0',
  '+2145550187',
  '0 214 555 0187',
  '214-555-0187 x12',
];

describe('the key of a person', () => {
  let world: AdminWorld;
  beforeAll(async () => {
    world = await openAdminWorld();
    // A new list is noticed within 2 s; this seller has a list from the start.
    await list('add', '512-555-0100');
  });
  afterAll(() => world.close());

  const send = async (phone: string): Promise<Record<string, unknown>> =>
    (await sendLead(world, { ...SAMPLE, phone })).body;
  const found = async (phone: string): Promise<unknown[]> => {
    const { leads } = (await world.ask('POST /admin/leads/search', { phone })).body;
    return (leads as { lead_id: string }[]).map(({ lead_id }) => lead_id).sort();
  };
  const list = async (what: 'add' | 'remove', phone: string): Promise<Record<string, unknown>> =>
    (await world.ask(`POST /admin/suppressions/${what}`, { seller: 'ACME1234', persons: [{ phone }] })).body;

  it('finds and erases leads in every spelling by any other spelling', async () => {
    const ids: unknown[] = [];
    for (const phone of SPELLINGS) ids.push((await send(phone)).lead_id);
    for (const id of ids) await withdraw(world.database, String(id));
    for (const phone of SPELLINGS) expect(await found(phone)).toEqual([...ids].sort());
    const { leads } = (await world.ask('POST /admin/leads/erase', { lead_ids: ids })).body;
    expect(leads).toMatchObject(SPELLINGS.map(() => ({ outcome: 'erased' })));
    expect(await found('2145550187')).toEqual([]);
  });

  it('in a list blocks every spelling from being sold', async () => {
    expect(await list('add', '2145550188.0')).toMatchObject({ added: 1 });
    for (const spelling of SPELLINGS)
      expect(await send(spelling.replace('0187', '0188'))).toMatchObject({ reason: 'suppressed' });
    expect(await send('214-555-0189')).not.toMatchObject({ reason: 'suppressed' });
    expect(await list('remove', '+1 214 555 0188')).toEqual({ removed: 1, absent: 0 });
    expect(await send('214-555-0188')).not.toMatchObject({ reason: 'suppressed' });
  });

  it('in an entry imported by an older release still blocks the same leads', async () => {
    const phone = '2145550190.0';
    const former = formerPersonKeys({ phone });
    expect(former).not.toEqual(personKeys({ phone }));
    const hash = await world.database.vault.hash();
    const _id = `ACME1234/${hash('phone', former.phone ?? '')}`;
    await world.database.suppressions.insertOne({ _id, scope: 'ACME1234', kind: 'phone', at: new Date() });
    expect(await send(phone)).toMatchObject({ reason: 'suppressed' });
    expect(await list('remove', phone)).toEqual({ removed: 1, absent: 0 });
    expect(await send(phone)).not.toMatchObject({ reason: 'suppressed' });
  });
});
