import { describe, expect, test } from 'vitest';
import { faultText } from '../../../src/market/file/fault.js';
import { marketInFile } from '../../../src/market/file/marketInFile.js';
import { parseMarket } from '../../support/parseMarket.js';
import { writtenSeller } from '../../../src/market/file/written.js';

const marketWith = (sources: string): string =>
  `sellers: [{ code: ACME1234, slug: acme, name: Acme, sources: ${sources} }]`;

function sellerOf(text: string) {
  const parsed = parseMarket(text);
  if (!('market' in parsed)) throw new Error(JSON.stringify(parsed.faults));
  const terms = parsed.market;
  const [seller] = terms.sellers;
  if (!seller) throw new Error('The market has no seller');
  return { seller, terms };
}

function faultsOf(text: string): string[] {
  const parsed = parseMarket(text);
  return 'faults' in parsed ? parsed.faults.map((fault) => faultText('market.yaml', fault)) : [];
}

describe('Names of a source’s fields', () => {
  const text = marketWith(
    '{ landing: { aliases: { vorname: firstName, "1.3": lastName }, defaults: false } }',
  );

  test('are read and written unchanged', () => {
    const { seller, terms } = sellerOf(text);
    const aliases = [
      { name: 'vorname', field: 'firstName' },
      { name: '1.3', field: 'lastName' },
    ];
    expect(seller.sources).toEqual({ landing: { aliases, defaults: false } });
    expect(sellerOf(JSON.stringify(marketInFile(terms))).terms).toEqual(terms);
  });

  test('are compared one by one', () => {
    expect(writtenSeller(sellerOf(text).seller)).toMatchObject({
      'sources.landing.aliases.vorname': 'firstName',
      'sources.landing.aliases.1.3': 'lastName',
      'sources.landing.defaults': 'false',
    });
  });

  test.each([
    ['are a field’s own and mean it', '{ landing: { aliases: { zip: zip } } }'],
    [
      'are one name with one meaning',
      '{ landing: { aliases: { vor_name: firstName, Vorname: firstName } } }',
    ],
    ['have no letters', '{ landing: { aliases: { "?": firstName, "!": lastName } } }'],
  ])('are accepted that %s', (_what, sources) => {
    expect(faultsOf(marketWith(sources))).toEqual([]);
  });

  test('are reported at their own places', () => {
    const aliases = '{ zip: phone, vor_name: firstName, Vorname: lastName }';
    expect(faultsOf(marketWith(`{ a: 5, b: { aliases: ${aliases} } }`))).toEqual([
      'market.yaml:1:67  sellers[0].sources.a: 5 is not a source mapping, which is a map with the keys aliases, defaults, inbound',
      'market.yaml:1:86  sellers[0].sources.b.aliases.zip: is a standard field’s own name, which always means that field; remove it',
      'market.yaml:1:119  sellers[0].sources.b.aliases.Vorname: is the same name as "vor_name", which means firstName; keep one',
    ]);
  });

  test.each([
    ['say nothing', '{ landing: {} }', 'names none of aliases, defaults'],
    ['are of no source', '{ Landing: { defaults: false } }', 'is not the name of a source'],
    ['mean no field', '{ landing: { aliases: { vorname: "first name" } } }', 'is not the name of a field'],
    ['are a field’s own', '{ landing: { aliases: { zip: phone } } }', 'is a standard field’s own name'],
    [
      'are one name with two meanings',
      '{ landing: { aliases: { vor_name: firstName, Vorname: lastName } } }',
      'is the same name as "vor_name", which means firstName; keep one',
    ],
  ])('are rejected that %s', (_what, sources, fault) => {
    const [only = '', ...others] = faultsOf(marketWith(sources));
    expect(only).toContain(fault);
    expect(others).toEqual([]);
  });
});
