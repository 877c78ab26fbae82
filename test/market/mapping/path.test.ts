import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePath, pathHint, valueAt } from '../../../src/market/mapping/path.js';
import { processorClock } from '../../support/processorClock.js';

const DOCUMENT = JSON.parse(`{
  "1.3": "Dale",
  "data.json": "{}",
  "interest[]": ["roof", "solar"],
  "What interests you?": "Roof",
  "payload": { "data": { "First Name": "Ann", "zip": null }, "a": { "b": { "c": 1 } } },
  "fields": [
    { "ref": "phone", "title": "Phone?", "choice": { "id": 7 } },
    { "ref": "consent", "title": "May we call?" },
    { "ref": "consent", "title": "And text?" }
  ],
  "__proto__": { "polluted": "own" }
}`) as unknown;

function at(text: string, document: unknown = DOCUMENT): unknown {
  const path = parsePath(text);
  return 'problem' in path ? path : valueAt(path, document);
}

describe('A path leads to', () => {
  test.each<[path: string, value: unknown]>([
    ['payload.a.b.c', 1],
    ['payload.data["First Name"]', 'Ann'],
    ["payload['data'].zip", null],
    ['payload[a][b][c]', 1],
    ['fields[0].ref', 'phone'],
    ['fields[-1].title', 'And text?'],
    ['fields[?@.ref=="phone"].title', 'Phone?'],
    ['fields[?@.choice.id==7].ref', 'phone'],
    ['fields[?@.ref=="consent"].title', ['May we call?', 'And text?']],
    ['fields[*].ref', ['phone', 'consent', 'consent']],
    ['["1.3"]', 'Dale'],
    ['What interests you?', 'Roof'],
    ['$.fields[?@.ref == "phone"].title', 'Phone?'],
    ['$..id', 7],
  ])('%s', (path, value) => {
    expect(at(path)).toEqual(value);
  });

  test.each([['1.3'], ['data.json'], ['interest[]']])(
    'the top-level name %s before anything else',
    (name) => {
      expect(at(name)).toEqual((DOCUMENT as Record<string, unknown>)[name]);
    },
  );

  test.each([
    ['payload.b'],
    ['fields[3]'],
    ['fields.ref'],
    ['payload[0]'],
    ['constructor'],
    ['fields.length'],
  ])('nothing: %s', (path) => {
    expect(at(path)).toBeUndefined();
  });

  test('a name that JavaScript knows, only if the document has it itself', () => {
    expect(at('__proto__.polluted')).toBe('own');
    expect(at('__proto__.polluted', {})).toBeUndefined();
    expect(at('payload.toString')).toBeUndefined();
  });
});

describe('A path is refused', () => {
  test.each<[path: string, problem: RegExp]>([
    ['', /is empty/],
    ['a..b', /at character 3; put a name here/],
    ['a[', /between the brackets/],
    ['a["b"', /close the bracket/],
    ['a[0]b', /put a dot/],
    ['a[?@.b>1]', /write a filter like/],
    ['a[?@.b==c]', /compare with a text in quotes/],
    ['a'.repeat(201), /at most 200/],
    [Array.from({ length: 21 }, () => 'a').join('.'), /has 21 steps/],
    ['$.a[?match(@.b, "(a+)+")]', /no such function/],
    ['$.a[?search(@.b, "(a+)+")]', /no such function/],
    ['$..a..b', /has .. twice/],
    ['$[?@.a[?@.b]]', /has \? twice/],
    ['$[0,0]', /has a comma/],
    ['$.a[', /is not JSONPath/],
  ])('%s', (path, problem) => {
    expect(at(path)).toEqual({ problem: expect.stringMatching(problem) as unknown });
  });
});

test('A path that leads nowhere names what is like it', () => {
  const hint = (text: string): string | undefined => {
    const path = parsePath(text);
    return 'problem' in path ? undefined : pathHint(path, DOCUMENT);
  };
  expect(hint('payload.data["First name"]')).toBe('there is "First Name"');
  expect(hint('paylod.data')).toBe('there is "payload"');
  expect(hint('something.else')).toBeUndefined();
});

test('Every member of a map is found by its name in quotes', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 50 }), (name) => {
      const document = Object.fromEntries([[name, 'here']]);
      expect(at(`["${name.replace(/["\\]/g, '\\$&')}"]`, document)).toBe('here');
    }),
  );
});

test('Any text is a path or a problem, and neither takes long nor throws on any document', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 220 }), fc.jsonValue(), (text, document) => {
      at(text, document);
    }),
  );
});

test('A long list is searched in little time', () => {
  const list = Array.from({ length: 5000 }, (_, i) => ({ ref: `r${i}`, title: `t${i}` }));
  const spent = processorClock();
  expect(at('a[?@.ref=="r4999"].title', { a: list })).toBe('t4999');
  expect(at('$..[?@.ref=="r4999"].title', { a: list })).toBe('t4999');
  expect(spent()).toBeLessThan(1000);
});
