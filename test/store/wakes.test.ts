import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMarket } from '../../src/market/file/parseMarket.js';
import { applyMarket } from '../../src/store/apply.js';
import { ensureIndexes, openDatabase, type Database } from '../../src/store/db.js';
import { concernedLeads, endWake, takeWake } from '../../src/store/wakes.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { storeLead, storeMarket } from '../support/market.js';
import { isolatedSettings } from '../support/stack.js';

describe('when the market changes, of the leads that wait', () => {
  let database: Database;
  let northwind: FakeBuyer;
  const later = (): Date => new Date(Date.now() + 2000);

  beforeAll(async () => {
    database = openDatabase(await isolatedSettings());
    await ensureIndexes(database);
    northwind = await startBuyer();
    const campaign = await storeMarket(database, {
      northwind: { server: northwind, contract: { states: ['CA'] } },
    });
    const inState = { status: 'pending' as const };
    await storeLead(database, campaign, { _id: 'texan', ...inState, state: 'TX' });
    await storeLead(database, campaign, { _id: 'floridian', ...inState, state: 'FL' });
    await storeLead(database, campaign, { _id: 'sold', status: 'sold', state: 'TX' });
    await storeLead(
      database,
      { ...campaign, _id: 'ACME1234/solar' },
      { _id: 'solar', ...inState, state: 'TX' },
    );
  });
  afterAll(async () => {
    await northwind.close();
    await database.client.close();
  });

  async function apply(contract: string): Promise<void> {
    const parsed = parseMarket(
      `campaigns: [{ seller: ACME1234, category: Auto Insurance, sale: { floor: 10.00 }, pending: { retryAfter: [1m, 5m, 30m] }, contracts: [${contract}] }]`,
    );
    if (!('market' in parsed)) throw new Error(JSON.stringify(parsed.faults));
    const applied = await applyMarket(database, parsed.market, { prune: false });
    if ('faults' in applied) throw new Error(JSON.stringify(applied.faults));
  }

  test('those that the changed contract takes now are woken, and no others', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    const wake = await takeWake(database, later());
    expect(wake).toMatchObject({
      _id: 'ACME1234/auto-insurance',
      contracts: ['ACME1234/auto-insurance/northwind'],
    });
    if (!wake) return;
    expect(await concernedLeads(database, wake, Date.now())).toEqual(['texan']);
    expect(await takeWake(database, later())).toBeNull();
    await endWake(database, wake);
    expect(await database.wakes.countDocuments()).toBe(0);
  });

  test('none is woken when nothing changed, and not before every process knows the change', async () => {
    await apply('{ buyer: northwind, states: [CA, TX] }');
    expect(await database.wakes.countDocuments()).toBe(0);
    await apply('{ buyer: northwind, states: [CA, TX, NY] }');
    expect(await takeWake(database, new Date())).toBeNull();
    expect(await takeWake(database, later())).not.toBeNull();
  });

  test('a change that comes while another is seen to is not lost', async () => {
    const wake = await takeWake(database, new Date(Date.now() + 120_000));
    await apply('{ buyer: northwind }');
    if (wake) await endWake(database, wake);
    const next = await takeWake(database, later());
    if (!next) throw new Error('The change is lost');
    expect(await concernedLeads(database, next, Date.now())).toEqual(['texan', 'floridian']);
  });
});
