import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Market } from '../../../src/market/model/market.js';
import { faultText } from '../../../src/market/file/fault.js';
import { parseChange, type SimulatedMarket } from '../../../src/market/file/parseChange.js';
import { parseMarket } from '../../support/parseMarket.js';

const textOf = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');

function marketIn(text: string): Market {
  const parsed = parseMarket(text);
  if ('market' in parsed) return parsed.market;
  throw new Error(JSON.stringify(parsed.faults));
}

const MARKET = marketIn(textOf('market.yaml'));

function changed(text: string, market = MARKET): SimulatedMarket {
  const parsed = parseChange(text, market);
  if ('changed' in parsed) return parsed.changed;
  throw new Error(parsed.faults.map((fault) => faultText('change.yaml', fault)).join('\n'));
}

function faults(text: string, market = MARKET): string[] {
  const parsed = parseChange(text, market);
  if (!('faults' in parsed)) return [];
  return parsed.faults.map(({ line, path, message }) => [`line ${line}, ${path}`, message].join(': '));
}

const AUTO = 'campaigns: [{ seller: ACME1234, category: auto insurance';

describe('A change', () => {
  test('of a floor leaves everything else as it is', () => {
    const { terms } = changed(`${AUTO}, sale: { floor: 25.00 } }]`);
    const [auto, ...others] = terms.campaigns;
    const [was, ...rest] = MARKET.campaigns;
    expect(auto).toEqual({ ...was, sale: { ...was?.sale, floor: 2500 } });
    expect({ ...terms, campaigns: others }).toEqual({ ...MARKET, campaigns: rest });
  });

  test('of the sale mode does not require removing keys', () => {
    const shared = changed(`${AUTO}, sale: { mode: shared, maxBuyers: 3 } }]`);
    expect(shared.terms.campaigns[0]?.sale).toMatchObject({ mode: 'shared', maxBuyers: 3, floor: 1000 });
    const back = changed(`${AUTO}, sale: { mode: exclusive } }]`, shared.terms);
    expect(back.terms.campaigns[0]?.sale).toEqual(MARKET.campaigns[0]?.sale);
  });

  test('of declared fields is merged by name, and a new type does not require removing keys', () => {
    const declare = (fields: string, market = MARKET) =>
      changed(`${AUTO}, fields: ${fields} }]`, market).terms;
    const enums = declare(
      '{ roof: { type: enum, values: { tile: [Tiles] } }, dob: { type: birthDate, order: dmy } }',
    );
    const more = declare('{ roof: { values: { slate: [] } }, dob: { order: null } }', enums);
    expect(more.campaigns[0]?.fields).toEqual({
      roof: {
        type: 'enum',
        values: [
          { value: 'tile', labels: ['Tiles'] },
          { value: 'slate', labels: [] },
        ],
      },
      dob: { type: 'birthDate' },
    });
    expect(declare('{ roof: { type: boolean }, dob: null }', more).campaigns[0]?.fields).toEqual({
      roof: { type: 'boolean' },
    });
  });

  test('adds a contract with a buyer model', () => {
    const { terms, models } = changed(`
buyers: [{ id: contoso, name: Contoso, ping: { url: 'https://contoso.example', timeoutMs: 500 }, post: { url: 'https://contoso.example', timeoutMs: 500 } }]
campaigns:
  - seller: ACME1234
    category: Auto Insurance
    contracts:
      - { buyer: contoso, tier: 2, model: { lowest: 20, highest: 30.50, bidsOn: 60 } }
      - { buyer: fabrikam, model: { accepts: 80 } }
      - { buyer: northwind, model: { sharedLowest: 5, sharedHighest: 6 } }`);
    const id = 'ACME1234/auto-insurance/contoso';
    expect(terms.contracts.find((contract) => contract.id === id)).toMatchObject({
      tier: 2,
      buyer: 'contoso',
    });
    expect(terms.contracts).toHaveLength(MARKET.contracts.length + 1);
    expect(models.get(id)).toEqual({ bids: { lowest: 2000, highest: 3050 }, bidsOn: 60, accepts: 100 });
    expect(models.get('ACME1234/auto-insurance/fabrikam')).toEqual({ bidsOn: 100, accepts: 80 });
    expect(models.get('ACME1234/auto-insurance/northwind')).toEqual({
      sharedBids: { lowest: 500, highest: 600 },
      bidsOn: 100,
      accepts: 100,
    });
  });

  test('removes a key that is set to null', () => {
    const { terms } = changed(`${AUTO}, contracts: [{ buyer: fabrikam, delay: null }] }]`);
    const contract = terms.contracts.find(({ buyer }) => buyer === 'fabrikam');
    expect(contract).toMatchObject({ price: 1250, delay: undefined });
  });

  test.each<[string, string]>([
    ['', 'line 1, : is empty; name sellers, buyers or campaigns'],
    [
      `${AUTO}, sale: { flor: 25 } }]`,
      'line 1, campaigns[0].sale.flor: a sale policy has no key "flor"; did you mean floor?',
    ],
    [
      `${AUTO}, sale: { mode: shared } }]`,
      'line 1, campaigns[0].sale.maxBuyers: is missing; a shared sale needs it',
    ],
    [
      `${AUTO}, contracts: [{ buyer: fabrikan, price: 5 }] }]`,
      'line 1, campaigns[0].contracts[0].buyer: "fabrikan" is neither in this file nor in the market; did you mean fabrikam?',
    ],
    [
      'campaigns: [{ seller: ACME1235, category: Solar }]',
      'line 1, campaigns[0].seller: "ACME1235" is neither in this file nor in the market; did you mean ACME1234?',
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Solar, contracts: [{ buyer: northwind, price: null, floor: 1 }, { buyer: fabrikam }] }]',
      'line 1, campaigns[0].contracts[1]: has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping',
    ],
    [
      `${AUTO}, contracts: [{ buyer: northwind, prise: null }] }]`,
      expect.stringContaining('a contract has no key "prise"; did you mean price?') as string,
    ],
    [
      `${AUTO}, contracts: [{ buyer: northwind, caps: {} }] }]`,
      'line 1, campaigns[0].contracts[0].caps: names none of hour, day, week, month, total',
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Solr, sale: { floor: 5 } }]',
      'line 1, campaigns[0].category: ACME1234 has no campaign "Solr"; did you mean Solar? A new campaign needs contracts',
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Auto, sale: { floor: 5 } }]',
      'line 1, campaigns[0].category: ACME1234 has no campaign "Auto"; did you mean Auto Insurance? A new campaign needs contracts',
    ],
    [
      'campaigns: [{ seller: ACME1234, category: Boats }]',
      'line 1, campaigns[0].category: ACME1234 has no campaign "Boats"; its categories are Auto Insurance, Solar. A new campaign needs contracts',
    ],
    [
      'buyers: [{ id: northwnd, name: N, ping: null }]',
      'line 1, buyers[0].post: is missing; a buyer needs it, or an outlet in each of its contracts (the market has no buyer "northwnd"; did you mean northwind?)',
    ],
    [
      'buyers: [{ id: northwind, ping: null }]',
      'line 1, contract ACME1234/auto-insurance/northwind (in the market): has neither a price nor a buyer with a ping: give the contract a price or the buyer a ping',
    ],
    [
      `buyers: [{ id: contoso, name: C, ping: { url: 'https://c.example', timeoutMs: 500 }, post: { url: 'https://c.example', timeoutMs: 500 } }]\n${AUTO}, contracts: [{ buyer: contoso }] }]`,
      'line 2, campaigns[0].contracts[0]: is new and has no price, so its bids are unknown; add a model, like model: { lowest: 20.00, highest: 30.00, bidsOn: 60 }',
    ],
    [
      `${AUTO}, contracts: [{ buyer: fabrikam, model: { lowest: 5 } }] }]`,
      'line 1, campaigns[0].contracts[0].model: has bids, and the contract has a price; keep one of them',
    ],
    [
      `${AUTO}, contracts: [{ buyer: northwind, model: { lowest: 5, highest: 4 } }] }]`,
      'line 1, campaigns[0].contracts[0].model: goes from 5 down to 4; swap them',
    ],
    [
      `${AUTO}, contracts: [{ buyer: northwind, model: { lowest: 5.001 } }] }]`,
      'line 1, campaigns[0].contracts[0].model.lowest: 5.001 has more decimals than USD, which has at most 2 decimals; write it like 5.00',
    ],
    [
      `${AUTO}, contracts: [{ buyer: northwind }, { buyer: northwind }] }]`,
      'line 1, campaigns[0].contracts[1].buyer: "northwind" is taken: entry [0] of the list has it already',
    ],
    [
      `${AUTO}, currency: EUR }]`,
      "line 1, campaigns[0].currency: can't become EUR: campaigns[0].sale.floor is 10.00 USD (and there are 1 more); name each amount in EUR in this file",
    ],
    [
      `${AUTO}, currency: EUR, sale: { floor: 5 }, contracts: [{ buyer: fabrikam, price: 5 }] }]`,
      "line 1, campaigns[0].currency: can't change: the bids that were made are in USD",
    ],
  ])('with a fault has a remedy: %s', (text, fault) => {
    expect(faults(text)).toEqual([fault]);
  });

  test('of a prepaid buyer’s currency is rejected, because its balance has another currency', () => {
    const prepaid = marketIn(
      textOf('market.yaml').replace('name: Northwind Mutual', 'name: Northwind Mutual\n    balance: 50.00'),
    );
    expect(faults('buyers: [{ id: northwind, currency: JPY, balance: 5000 }]', prepaid)).toEqual([
      "line 1, buyers[0].currency: can't change: the payments that were made are in USD",
    ]);
    expect(faults('buyers: [{ id: northwind, currency: null, balance: null }]', prepaid)).toEqual([]);
  });

  test.each([
    ['balance: null', '[won, low_balance]', ['won']],
    ['lowBalance: null', '[low_balance, won]', ['won']],
    ['balance: null', '[low_balance]', undefined],
    ['balance: 50.00', '[won, low_balance]', ['won', 'low_balance']],
  ])('%s of a buyer with the notices %s requires no other key', (keys, events, left) => {
    const terms = `balance: 100.00, lowBalance: 20.00, notices: { url: 'http://127.0.0.1/', events: ${events} }`;
    const prepaid = changed(`buyers: [{ id: northwind, ${terms} }]`, MARKET).terms;
    const [northwind] = changed(`buyers: [{ id: northwind, ${keys} }]`, prepaid).terms.buyers;
    expect(northwind?.notices?.events).toEqual(left);
    expect(northwind?.lowBalance).toBe(keys === 'balance: 50.00' ? 2000 : undefined);
    expect(faults('buyers: [{ id: fabrikam, currency: JPY, balance: 5000 }]', prepaid)).toEqual([]);
  });
});
