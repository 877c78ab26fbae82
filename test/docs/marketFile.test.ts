import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { faultText } from '../../src/market/file/fault.js';
import { changeMarket, EMPTY, readMarketFile } from '../../src/market/file/changeMarket.js';
import { parseMarket } from '../support/parseMarket.js';
import { MarketInFile } from '../../src/market/file/schema.js';
import { inCode, pagePaths, readPage } from './page.js';

const page = readPage('docs/market-file.md');

/** Parts of the file with a separate table; some occur in more than one place. */
const PARTS = [
  'contracts',
  'fields',
  'stages',
  'margin',
  'filters',
  'schedule',
  'duplicates',
  'checks',
  'outlet',
  'delivery',
  'returns',
];

/** Parts whose table has another name than their key. */
const SECTIONS: Readonly<Record<string, string>> = {
  'sellers sources.inbound': 'inbound',
  'inbound fields': 'mapping',
};

/** A key as its section of the page shows it. */
interface Key {
  section: string;
  key: string;
  row: [key: string, needed: string, mustBe: string];
}

function keysOf(schema: Type.TObject, section: string, before = ''): Key[] {
  const properties: Record<string, Type.TSchema> = schema.properties;
  return Object.entries(properties).flatMap(([name, property]) => {
    const key = before + name;
    const needed = Type.IsOptional(property) ? '' : '✓';
    const own: Key = { section, key, row: [inCode(key), needed, mustBe(property)] };
    return [own, ...keysBelow(property, own)];
  });
}

function keysBelow(property: Type.TSchema, { section, key }: Key): Key[] {
  // docs/buyer-protocols.md describes it.
  if (key === 'protocol') return [];
  const inner = itemOf(property);
  // Filters hold filters.
  if (!Type.IsObject(inner) || (section === 'filters' && ['all', 'any'].includes(key))) return [];
  const own = SECTIONS[`${section} ${key}`];
  if (own !== undefined) return keysOf(inner, own);
  return PARTS.includes(key) ? keysOf(inner, key) : keysOf(inner, section, `${key}.`);
}

const itemOf = (schema: Type.TSchema): Type.TSchema => {
  if (Type.IsArray(schema)) return schema.items;
  return Type.IsRecord(schema) ? Type.RecordValue(schema) : schema;
};

/** The words that a fault message uses. */
function mustBe(schema: Type.TSchema): string {
  const title = titleOf(schema);
  const isPlainList = Type.IsArray(schema) && !Type.IsObject(schema.items);
  return isPlainList ? `${title}, each ${titleOf(schema.items)}` : title;
}

const titleOf = (schema: Type.TSchema): string => ('title' in schema ? String(schema.title) : '');

const properties: Record<string, Type.TSchema> = MarketInFile.properties;
const found = Object.entries(properties).flatMap(([section, list]) =>
  Type.IsArray(list) && Type.IsObject(list.items) ? keysOf(list.items, section) : [],
);
const keys = [...new Map(found.map((one) => [`${one.section} ${one.key}`, one])).values()];

const demo = parseMarket(readFileSync(join(packageRoot, 'src/local/demo/market.yaml'), 'utf8'));
const DEMO = 'market' in demo ? demo.market : EMPTY;

/** Every fault of the text, as `gavel apply` would print it. */
function faultsOf(text: string, market = EMPTY): string[] {
  const changed = changeMarket(readMarketFile(text), market);
  return 'faults' in changed ? changed.faults.map((fault) => faultText('market.yaml', fault)) : [];
}

describe('docs/market-file.md', () => {
  test.each([...new Set(keys.map(({ section }) => section))])('has a row for every key of %s', (section) => {
    const table = page.tables.find((one) => one.section.toLowerCase() === section);
    const rows = keys.filter((one) => one.section === section).map(({ row }) => row);
    expect(table?.rows.map((row) => row.slice(0, 3))).toEqual(rows);
  });

  test.each([
    ['an empty market', EMPTY],
    ['the demo market', DEMO],
  ])('shows the faults of its faulty file as `gavel apply` prints them for %s', (_, market) => {
    const code = (lang: string): string => page.codes.find((one) => one.lang === lang)?.text ?? '';
    expect(code('text faults').split('\n')).toEqual(faultsOf(code('yaml faulty'), market));
  });

  test('shows outlets that apply to its first market', () => {
    const code = (lang: string): string => page.codes.find((one) => one.lang === lang)?.text ?? '';
    const first = parseMarket(code('yaml'));
    const market = 'market' in first ? first.market : EMPTY;
    const result = changeMarket(readMarketFile(code('yaml outlets')), market);
    if (!('changed' in result)) throw new Error(JSON.stringify(result.faults));
    expect(faultsOf(code('yaml digest'), result.changed.terms)).toEqual([]);
  });

  test('shows a change that applies to its first market', () => {
    const code = (lang: string): string => page.codes.find((one) => one.lang === lang)?.text ?? '';
    const first = parseMarket(code('yaml'));
    const result = changeMarket(
      readMarketFile(code('yaml change')),
      'market' in first ? first.market : EMPTY,
    );
    if (!('changed' in result)) throw new Error(JSON.stringify(result.faults));
    expect(result.changed.terms.buyers[0]).toMatchObject({
      id: 'northwind',
      active: false,
      ping: { timeoutMs: 800 },
    });
    expect(result.changed.terms.campaigns[0]).toMatchObject({ sale: { floor: 1200 } });
  });
});

describe('The buyer of docs/buyer.md with its own server', () => {
  test('is added to the demo market and changes nothing else', () => {
    const change = readPage('docs/buyer.md').codes.find(({ lang }) => lang === 'yaml change')?.text ?? '';
    const result = changeMarket(readMarketFile(change), DEMO);
    if (!('changed' in result)) throw new Error(JSON.stringify(result.faults));
    const { buyers, contracts } = result.changed.terms;
    expect(buyers.map(({ id }) => id)).toEqual(expect.arrayContaining(['northwind', 'litware', 'mine']));
    const auto = contracts.filter(({ campaign }) => campaign === 'ACME1234/auto-insurance');
    expect(auto.map(({ buyer }) => buyer).sort()).toEqual(['contoso', 'fabrikam', 'mine', 'northwind']);
  });
});

describe('Every market in the pages', () => {
  const shown = pagePaths().flatMap((path) =>
    readPage(path).codes.flatMap(({ lang, text }) => (lang === 'yaml' ? [{ path, text }] : [])),
  );
  test.each(shown)('is one without a fault: $path', ({ text }) => {
    expect(faultsOf(text)).toEqual([]);
  });
});
