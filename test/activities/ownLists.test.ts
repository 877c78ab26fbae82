import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchOf } from '../../src/store/persons/matchKeys.js';
import { addSuppressions, buyerScope, removeSuppressions } from '../../src/store/persons/suppressions.js';
import { storeLead } from '../support/market.js';
import { openStepsWorld, type StepsWorld } from '../support/steps.js';

describe('a buyer with a suppression list of its own', () => {
  let world: StepsWorld;
  beforeAll(async () => {
    world = await openStepsWorld({ ping: { body: { bid: 20 } } });
  });
  afterAll(() => world.close());

  const round = async (phone: string) => {
    const { database, campaign, steps } = world;
    const { _id } = await storeLead(database, campaign, { fields: { phone } });
    return steps.startRound({ leadId: _id, number: 1, now: Date.now() });
  };

  test('is not asked about its persons and gets no notices', async () => {
    const { database, northwind } = world;
    const listed = await matchOf(database, { phone: '(214) 555-0187' });
    await addSuppressions(database, buyerScope('northwind'), [listed]);
    expect(await round('001-214-555-0187')).toMatchObject({
      entries: [],
      excluded: [{ reason: 'duplicate', detail: 'on the buyer’s own list', buyers: 'northwind' }],
    });
    expect(northwind.received).toEqual([]);
    expect(await round('214-555-0188')).toMatchObject({ entries: [{ buyer: 'northwind' }], excluded: [] });

    await removeSuppressions(database, buyerScope('northwind'), [listed]);
    expect(await round('214-555-0187')).toMatchObject({ entries: [{ buyer: 'northwind' }], excluded: [] });
  });

  test('is asked about persons on other buyers’ lists', async () => {
    const { database } = world;
    await addSuppressions(database, buyerScope('fabrikam'), [
      await matchOf(database, { phone: '2145550189' }),
    ]);
    expect(await round('214-555-0189')).toMatchObject({ entries: [{ buyer: 'northwind' }], excluded: [] });
  });
});
