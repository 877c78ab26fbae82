import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isMap, isSeq, parseDocument, type Node } from 'yaml';
import { parseMarket } from '../../support/parseMarket.js';

const MARKET = readFileSync(new URL('market.yaml', import.meta.url), 'utf8');

/** The same market with declared fields and filters on them. */
const TYPED = MARKET.replace(
  '    sale: { mode: exclusive, floor: 10.00 }',
  `    fields:
      homeowner: { type: boolean, label: Owns the home }
      credit: { type: range }
      dob: { type: birthDate, order: dmy, unit: ms, zone: UTC }
      roof: { type: enum, values: { asphalt: [Shingles], tile: [] } }`,
).replace(
  'states: [TX, california, fl]',
  'filters: [{ field: roof, oneOf: [tile] }, { any: [{ field: dob, age: { min: 18 } }, { field: homeowner, equals: true }] }, { field: credit, range: { min: 640 } }, { field: phone, areaCode: ["214"] }]',
);
const MARKETS = fc.constantFrom(MARKET, TYPED);

test('Both markets have no fault', () => {
  for (const text of [MARKET, TYPED]) expect(parseMarket(text)).toHaveProperty('market');
  expect(TYPED).not.toBe(MARKET);
});

/** Expects a market, or faults at positions within the text. */
function expectMarketOrFaults(text: string): void {
  const parsed = parseMarket(text);
  if ('market' in parsed) return;
  const lines = text.split('\n');
  expect(parsed.faults.length).toBeGreaterThan(0);
  for (const { line, column, message } of parsed.faults) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
    expect(message).not.toMatch(/undefined|\[object|NaN/);
  }
}

/** Any code point except lone surrogates. fast-check's own arbitrary builds a list of all million first. */
const codePoint = fc.nat(0x10f7ff).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

test('Any text gives a market or faults at positions of the text', () => {
  fc.assert(fc.property(fc.string({ unit: codePoint }), expectMarketOrFaults), { numRuns: 200 });
  const pieces = fc.constantFrom(
    ...Array.from('-:[]{},&*!|>#%@`"\'\n \t?ab1~'),
    'sellers',
    'buyers: ',
    'campaigns:\n',
    '  - ',
    '\r\n',
    '&a ',
    '*a',
    '<<: ',
    '---\n',
  );
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      expectMarketOrFaults,
    ),
    { numRuns: 1000 },
  );
});

test('A market with any range deleted or overwritten gives a market or faults', () => {
  const damage = fc.tuple(fc.nat(TYPED.length), fc.nat(20), fc.string({ maxLength: 5 }));
  fc.assert(
    fc.property(MARKETS, damage, (market, [at, length, text]) => {
      expectMarketOrFaults(market.slice(0, at) + text + market.slice(at + length));
    }),
    { numRuns: 200 },
  );
});

/** Also maps that JavaScript can't convert to a text. */
const VALUES = fc.oneof(fc.jsonValue(), fc.constantFrom({ toString: {} }, [{ toString: 1, valueOf: 1 }]));

test('A market with any value replaced gives a market or faults', () => {
  fc.assert(
    fc.property(MARKETS, fc.nat(10_000), VALUES, (market, pick, value) => {
      const document = parseDocument(market);
      const paths = pathsOf(document.contents, []);
      document.setIn(paths[pick % paths.length] ?? [], value);
      expectMarketOrFaults(String(document));
    }),
    { numRuns: 200 },
  );
});

function pathsOf(node: unknown, path: (string | number)[]): (string | number)[][] {
  const children: [string | number, Node | null][] = isMap<{ value: string }, Node | null>(node)
    ? node.items.map(({ key, value }) => [key.value, value])
    : isSeq<Node>(node)
      ? node.items.map((item, i) => [i, item])
      : [];
  return children.flatMap(([step, child]) => [[...path, step], ...pathsOf(child, [...path, step])]);
}
