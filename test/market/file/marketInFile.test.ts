import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Market } from '../../../src/market/model/market.js';
import { marketInFile } from '../../../src/market/file/marketInFile.js';
import { parseMarket } from '../../support/parseMarket.js';
import { readPage } from '../../docs/page.js';
import { composeMarket } from '../../scenarios/runner/composeMarket.js';
import { readScenario } from '../../scenarios/runner/readScenario.js';

function marketOf(text: string): Market {
  const parsed = parseMarket(text);
  if ('market' in parsed) return parsed.market;
  throw new Error(JSON.stringify(parsed.faults));
}

/** Terms written to a file and read again. */
const again = (terms: Market): Market => marketOf(stringify(marketInFile(terms)));

/** The market of a scenario, with placeholder URLs. */
function marketOfScenario(path: string): Market {
  const scenario = readScenario(path, readFileSync(join(SCENARIOS, path), 'utf8'));
  const { contracts = {}, campaigns = {}, buyers = {}, services = {} } = scenario;
  const inOthers = Object.values(campaigns).flatMap((campaign) => Object.keys(campaign.contracts ?? {}));
  const url = 'https://buyer.example/leads';
  const ids = [...Object.keys(contracts), ...inOthers, ...Object.keys(buyers)];
  return composeMarket(scenario, {
    buyers: new Map(ids.map((id) => [id, { ping: url, post: url, status: url }])),
    services: new Map(Object.keys(services).map((name) => [name, url])),
    postback: url,
  });
}

const SCENARIOS = fileURLToPath(new URL('../../scenarios', import.meta.url));

const EXAMPLES = readPage('docs/market-file.md').codes.filter(({ lang }) => lang === 'yaml');

describe('A stored market is written as a market file', () => {
  test.each(EXAMPLES.map(({ section, text }, i) => [`${i}, ${section}`, text] as const))(
    'that says the same: example %s',
    (_name, text) => {
      const terms = marketOf(text);
      expect(again(terms)).toEqual(terms);
    },
  );

  test('with the same terms, for all scenarios', () => {
    const files = readdirSync(SCENARIOS, { recursive: true, encoding: 'utf8' });
    const markets = files.filter((file) => file.endsWith('.yaml')).map((file) => marketOfScenario(file));
    expect(markets.length).toBeGreaterThan(50);
    expect(markets.map(again)).toEqual(markets);
  });

  test('with amounts in the currency of their campaign, and durations in words', () => {
    const yen = marketOf(`
sellers: [{ code: ACME1234, slug: acme, name: Acme }]
campaigns:
  - { seller: ACME1234, category: Boats, currency: JPY, sale: { floor: 1200 }, pending: { expireAfter: 36h } }
`);
    expect(marketInFile(yen).campaigns).toMatchObject([
      { sale: { floor: 1200 }, pending: { expireAfter: '36h' } },
    ]);
  });

  test('or reports the terms that a file can’t express', () => {
    const market = marketOf('sellers: [{ code: ACME1234, slug: acme, name: Acme }]');
    const stored = { ...market, sellers: market.sellers.map((seller) => ({ ...seller, slug: 'No Slug' })) };
    expect(() => marketInFile(stored)).toThrow(
      'The stored market can\'t be written as a market file: sellers[0].slug: "No Slug" is not a slug',
    );
  });
});
