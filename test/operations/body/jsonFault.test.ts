import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonFault } from '../../../src/operations/body/jsonFault.js';
import { processorClock } from '../../support/processorClock.js';

it.each([
  ['{"a": 1,\n "b": x}', 'line 2, column 7: this is not a JSON value; write texts in double quotes'],
  ['{"a": "x" "b": 1}', 'line 1, column 11: a comma is missing before this'],
  ['{"a": 1,}', 'line 1, column 9: remove the comma before this'],
  ['{"a": [1,]}', 'line 1, column 10: remove the comma before this'],
  ["{'a': 1}", 'line 1, column 2: write names and texts in double quotes (")'],
  ['{"a": \u201cx\u201d}', 'line 1, column 7: write names and texts in double quotes (")'],
  ['{a: 1}', 'line 1, column 2: write names in double quotes'],
  ['{"a" 1}', 'line 1, column 6: a colon is missing before this'],
  ['{"a": }', 'line 1, column 7: a value is missing before this'],
  ['{"a": 042}', 'line 1, column 7: this is not a JSON number; write texts in double quotes'],
  ['{"a": +1}', 'line 1, column 7: this is not a JSON number; write texts in double quotes'],
  ['{"a": NaN}', 'line 1, column 7: this is not a JSON value; write texts in double quotes'],
  ['{"a": True}', 'line 1, column 7: this is not a JSON value; write texts in double quotes'],
  ['{"a": "x\\x41"}', 'line 1, column 9: a backslash needs one of "\\/bfnrt or uXXXX after it'],
  ['{"a": "x\ny"}', 'line 1, column 9: a text has a line break; write \\n, or close the text before it'],
  ['{"a": "x\0"}', 'line 1, column 9: a text has a control character'],
  ['{"a": "x', 'line 1, column 7: this text is not closed'],
  ['{"a": 1', 'line 1, column 8: an object is not closed'],
  ['{"a": [1', 'line 1, column 9: a list is not closed'],
  ['{"a": [1}', 'line 1, column 9: the wrong closing bracket'],
  ['{"a": 1}{"a": 1}', 'line 1, column 9: there is more text after the end'],
  ['{"a": 1} // Zebulon', 'line 1, column 10: JSON has no comments'],
  [' \r\n ', 'it is empty'],
])('%j: %s', (text, fault) => {
  expect(jsonFault(text)).toBe(fault);
});

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

it('finds a fault exactly if JSON.parse fails', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u0041',
      '\\n',
      '"a"',
      "'",
      'a',
      '0',
      '1',
      '-',
      '.',
      'e',
      'E+',
    ],
    ...[
      'true',
      'false',
      'null',
      'NaN',
      ' ',
      '\n',
      '\t',
      '\u00a0',
      '\0',
      '/',
      '\u{1f600}',
      '\ud800',
      '\u2028',
    ],
  );
  const pieces = fc.array(piece, { maxLength: 12 }).map((all) => all.join(''));
  const broken = fc.tuple(fc.json(), fc.nat(), fc.nat(3), piece).map(([json, at, gone, put]) => {
    const from = at % (json.length + 1);
    return json.slice(0, from) + put + json.slice(from + gone);
  });
  fc.assert(
    fc.property(fc.oneof(pieces, broken, fc.json()), (text) => {
      expect(jsonFault(text) === undefined).toBe(isJson(text));
    }),
    { numRuns: 3000 },
  );
});

it('is fast for a long body with any fault', () => {
  const long = 64 * 1024;
  const spent = processorClock();
  for (const text of [
    '['.repeat(long),
    `"${'a'.repeat(long)}`,
    `"${'\\n'.repeat(long / 2)}`,
    `${' '.repeat(long)}x`,
  ])
    expect(jsonFault(text)).toBeDefined();
  expect(jsonFault(`{${'"a":1,'.repeat(long / 6)}}`)).toContain('remove the comma');
  expect(spent()).toBeLessThan(1000);
});
