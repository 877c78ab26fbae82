import { describe, expect, test } from 'vitest';
import { readModels, takeModels } from '../../../src/market/file/models.js';
import type { Contract } from '../../../src/market/model/market.js';
import { CAMPAIGN, marketOf } from '../simulate/live.js';

const ID = `${CAMPAIGN}/best`;
const PATH = ['campaigns', 0, 'contracts', 0];

/** The model of a contract, or the faults that were found. */
function read(model: unknown, terms: Partial<Contract> = {}, { isKnown = true, currency = 'USD' } = {}) {
  const market = marketOf({ currency }, { best: terms });
  const faults: string[] = [];
  const before = isKnown ? market : { ...market, contracts: [] };
  const models = readModels([{ id: ID, path: PATH, model }], market, before, (path, message) => {
    faults.push(`${path.slice(4).join('.')}: ${message}`);
  });
  return faults.length > 0 ? faults : models.get(ID);
}

describe('The model of a buyer', () => {
  test.each<[string, unknown, Partial<Contract>, unknown]>([
    [
      'has bids and percentages in minor units',
      { lowest: 20, highest: 30.5, bidsOn: 60, accepts: 70 },
      {},
      { bids: { lowest: 2000, highest: 3050 }, bidsOn: 60, accepts: 70 },
    ],
    [
      'bids on every lead and accepts every lead, if it says nothing else',
      { lowest: 20 },
      {},
      { bids: { lowest: 2000, highest: 2000 }, bidsOn: 100, accepts: 100 },
    ],
    [
      'may bid for places, too',
      { lowest: 20, sharedLowest: 5, sharedHighest: 6 },
      {},
      {
        bids: { lowest: 2000, highest: 2000 },
        sharedBids: { lowest: 500, highest: 600 },
        bidsOn: 100,
        accepts: 100,
      },
    ],
    [
      'may bid for places alone',
      { sharedLowest: 5 },
      {},
      { sharedBids: { lowest: 500, highest: 500 }, bidsOn: 100, accepts: 100 },
    ],
    [
      'has percentages alone, if its contract has a price',
      { accepts: 50 },
      { price: 900 },
      { bidsOn: 100, accepts: 50 },
    ],
    ['of no known shape is left to other checks', { lowest: 'much' }, {}, undefined],
    ['may be absent, if its contract is known', undefined, {}, undefined],
  ])('%s', (_, model, terms, expected) => {
    expect(read(model, terms)).toEqual(expected);
  });

  const missing = (key: string) => [`model.${key}: is missing; a model of bids needs it`];
  test.each<[string, unknown, Partial<Contract>, string[]]>([
    ['has the lowest of its bids', { highest: 30 }, {}, missing('lowest')],
    ['has a bid, if its contract has no price', { bidsOn: 50 }, {}, missing('lowest')],
    ['has the lowest price of a place', { lowest: 20, sharedHighest: 9 }, {}, missing('sharedLowest')],
    [
      'has the lowest bid, if it names the highest beside places',
      { sharedLowest: 5, highest: 30 },
      {},
      missing('lowest'),
    ],
    ['goes upwards', { lowest: 30, highest: 20 }, {}, ['model: goes from 30 down to 20; swap them']],
    [
      'has amounts of its currency',
      { lowest: 1.001, highest: 2.001 },
      {},
      ['lowest', 'highest'].map(
        (key, i) =>
          `model.${key}: ${i + 1}.001 has more decimals than USD, which has at most 2 decimals; write it like ${i + 1}.00`,
      ),
    ],
    [
      'is at fault once for one amount',
      { lowest: 1.001 },
      {},
      ['model.lowest: 1.001 has more decimals than USD, which has at most 2 decimals; write it like 1.00'],
    ],
    [
      'has no bids beside a price',
      { sharedHighest: 20 },
      { sharedPrice: 900 },
      ['model: has bids, and the contract has a price; keep one of them'],
    ],
  ])('%s', (_, model, terms, faults) => {
    expect(read(model, terms)).toEqual(faults);
  });

  test('is in the currency of its campaign', () => {
    expect(read({ lowest: 20 }, {}, { currency: 'JPY' })).toMatchObject({ bids: { lowest: 20 } });
  });

  test('is needed for a new contract without a price', () => {
    expect(read(undefined, {}, { isKnown: false })).toEqual([
      expect.stringContaining('is new and has no price'),
    ]);
    expect(read(undefined, { price: 1 }, { isKnown: false })).toBeUndefined();
    expect(read(undefined, { sharedPrice: 1 }, { isKnown: false })).toBeUndefined();
  });

  test('of an unknown contract is left to other checks', () => {
    const market = marketOf({}, { best: {} });
    const models = readModels([{ id: 'gone', path: PATH, model: { lowest: 1 } }], market, market, () => {
      throw new Error('There is no fault');
    });
    expect(models.size).toBe(0);
  });
});

test('Models are taken out of a change, and everything else stays', () => {
  const change = {
    sellers: ['x'],
    campaigns: [
      {
        seller: 'ACME1234',
        category: 'Auto Insurance',
        contracts: [{ buyer: 'best', price: 1, model: { lowest: 1 } }, 5],
      },
      { seller: 'ACME1234', category: 'Solar' },
      'no map',
    ],
  };
  expect(takeModels(change)).toEqual({
    change: {
      sellers: ['x'],
      campaigns: [
        { seller: 'ACME1234', category: 'Auto Insurance', contracts: [{ buyer: 'best', price: 1 }, 5] },
        { seller: 'ACME1234', category: 'Solar' },
        'no map',
      ],
    },
    models: [{ id: ID, path: PATH, model: { lowest: 1 } }],
  });
  expect(takeModels({ buyers: [] })).toEqual({ change: { buyers: [] }, models: [] });
  expect(takeModels({ campaigns: 5 }).change).toEqual({ campaigns: 5 });
});
