import { describe, expect, test } from 'vitest';
import { readDocument } from '../../../src/market/protocol/answerDocument.js';
import { compileMatcher } from '../../../src/market/protocol/matcher.js';
import { parseXml } from '../../../src/market/protocol/xmlDocument.js';
import { compileXPath } from '../../../src/market/protocol/xpath.js';
import { compileRequest } from '../../../src/market/protocol/request.js';
import { compileTemplate } from '../../../src/market/protocol/template.js';
import type { Tree } from '../../../src/market/model/protocol.js';
import { requestScope } from './recordings.js';
import { processorClock } from '../../support/processorClock.js';

/** An answer's limit. */
const SIZE = 64 * 1024;

function ms(work: () => unknown): number {
  const spent = processorClock();
  work();
  return spent();
}

describe('A hostile answer is refused or read in bounded time', () => {
  test('nested deeper than 100 elements', () => {
    expect(parseXml('<a>'.repeat(101) + '</a>'.repeat(101))).toBeUndefined();
    expect(parseXml('<a>'.repeat(100) + '</a>'.repeat(100))).toBeDefined();
  });

  test('nested in JSON deeper than any answer', () => {
    const nested = (depth: number): string => `{"bid":1,"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(readDocument(nested(5000), 'json').kind).toBe('unreadable');
    expect(readDocument(nested(60), 'json').kind).toBe('json');
  });

  test('full of quotes behind a long number', () => {
    const quotes = `[${'1'.repeat(16)},"${String.raw`\"`.repeat(SIZE / 2)}`;
    expect(ms(() => readDocument(quotes, 'json'))).toBeLessThan(500);
  });

  test('with entities of its own', () => {
    const laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>';
    expect(parseXml(laughs)).toBeUndefined();
    expect(parseXml('<l>&b;</l>')).toBeUndefined();
    expect(parseXml('<!DOCTYPE l SYSTEM "file:///etc/passwd"><l/>')).toBeUndefined();
  });

  test('with as many elements as fit', () => {
    const wide = `<r>${'<a/>'.repeat(SIZE / 4 - 2)}</r>`;
    expect(ms(() => parseXml(wide))).toBeLessThan(1000);
    const rows = '<a><b><c><d/></c></b></a>';
    const deep = parseXml(`<r>${rows.repeat(Math.floor(SIZE / rows.length))}</r>`);
    if (deep === undefined) throw new Error('not read');
    for (const path of ['//a//b//c//d', '//*//*//*//*//*', "//*[b='x']//c[last()]"])
      expect(ms(() => compileXPath(path)(deep))).toBeLessThan(1000);
  });

  test.each(['(a*)*b', '(a|aa)+$', '(.*)(.*)(.*)(.*)x', '((a{0,9}){0,9})b', '^(\\w+\\s?)*$'])(
    'for the expression %s',
    (expression) => {
      const match = compileMatcher(expression);
      expect(ms(() => match('a'.repeat(SIZE)))).toBeLessThan(2000);
    },
  );

  test.each(['(a{1,1000}){1,1000}', '(', 'a'.repeat(501), '(?:x{500}){5}'])(
    'the expression %s is refused',
    (expression) => expect(() => compileMatcher(expression)).toThrow(),
  );
});

describe('A hostile template reaches nothing', () => {
  const scope = requestScope({ requests: {}, answers: {} }, 'post');
  test.each([
    'lead.__proto__',
    'lead.constructor',
    'values.toString',
    'ping.answer.constructor.name',
    'ping.capture.valueOf',
  ])('%s', (path) => expect(compileTemplate(`{{ ${path} }}`, 'post').render(scope)).toBeUndefined());

  test('in a request of more values, placeholders or nested documents than any protocol has', () => {
    const faultsOf = (json: Tree): string[] => {
      const faults: string[] = [];
      const to = { step: 'post', url: 'https://buyer.example' } as const;
      compileRequest({ json }, to, (path, message) => faults.push(`${path.join('.')} ${message}`));
      return faults;
    };
    const nested = { '#json': { '#json': { a: '{{ lead.zip }}' } } };
    expect(faultsOf(nested)).toEqual([]);
    expect(faultsOf({ '#json': nested })).toEqual([
      'json.#json.#json is in 2 documents that are texts, and may not have another one',
    ]);
    const many = (each: Tree, count: number): Tree => Array.from({ length: count }, () => each);
    expect(faultsOf(many({ '#json': many('x', 50) }, 10))).toEqual([]);
    expect(faultsOf(many({ '#json': many('x', 50) }, 11))).toEqual([
      'json.10.#json.0 is one of more than 500 values',
    ]);
    expect(faultsOf(many('{{ lead.zip }}'.repeat(100), 11))).toEqual([
      'json.10 is in a request of more than 1000 placeholders',
    ]);
  });

  test('with filters that make a text longer', () => {
    const doubled = `{{ lead.text ${'| json '.repeat(10)}}}`.repeat(40);
    const { render } = compileTemplate(doubled, 'post');
    const list = Array.from({ length: 1000 }, () => '"'.repeat(1000));
    for (const text of ['"'.repeat(10_000), list]) {
      let value: unknown;
      expect(ms(() => (value = render({ ...scope, lead: { text } })))).toBeLessThan(500);
      expect(String(value)).toHaveLength(20_000);
    }
  });

  test('and its result is bounded', () => {
    const text = compileTemplate('{{ lead.text }}'.repeat(50), 'post').render({
      ...scope,
      lead: { text: 'x'.repeat(100_000) },
    });
    expect(String(text)).toHaveLength(20_000);
  });
});
