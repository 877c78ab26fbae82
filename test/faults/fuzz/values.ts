import type { Dice } from './dice.js';

const REPEATED = 'x'.repeat(3000);

/** Texts that often break programs. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\u202etxt.exe',
  'caf\u00e9 \u65e5\u672c\u8a9e \ud83d\ude00',
  REPEATED,
  '9'.repeat(400),
  '-1',
  '-0',
  '1e400',
  '0x7fffffff',
  '9007199254740993',
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  '$where',
  'a.b.c',
  '../../etc/passwd',
  '%00%ff%zz',
  '\r\nSet-Cookie: a=b',
  "' OR ''='",
  '{{7*7}}${7*7}',
  '\u001b[31m',
  '2026-02-30',
  '2026-11-24T14:30:00Z',
  '+275760-09-13T00:00:00.001Z',
  '-271821-04-19T23:59:59.999Z',
  '0000-00-00T99:99:99+99:99',
  '2026-11-24T14:30:00+14:00[Mars/Phobos]',
  '01990000-0000-7000-8000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'http://[::1]:99999/',
  'https://user:pass@localhost/',
  'javascript:alert(1)',
  '(214) 555-0187 ext 9'.repeat(30),
  '+',
  'a@b',
  'US-TX',
  '(a+)+$',
  ','.repeat(500),
  '&=&=;',
  'YWJj====',
];

/** JSON values of unexpected types. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -9007199254740991,
  [],
  [null],
  ['a', 'b'],
  Array.from({ length: 200 }, (_, i) => i),
  {},
  { $ne: null },
  { toString: null, length: -1 },
];

export const nastyText = (dice: Dice): string => dice.oneOf(TEXTS);

export const nastyValue = (dice: Dice): unknown =>
  dice.chance(0.5) ? dice.oneOf(TEXTS) : dice.oneOf(VALUES);

/** Syntax of HTTP, JSON, forms, multipart and YAML. */
const TOKENS: readonly string[] = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  '--b',
  '--b--',
  '\r\n--b\r\n',
  '\r\n--b--\r\n',
  'Content-Disposition: form-data; name="x"; filename="y"\r\n\r\n',
  '0\r\n\r\n',
  'ffffffff\r\n',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '"__proto__":{"a":1},',
  ':',
  ',',
  '&',
  '=',
  '%',
  '%00',
  '%e2%82',
  '\xff\xfe',
  '\xef\xbb\xbf',
  '\xc0\xaf',
  '1e999',
  '- *a\n',
  '&a [*a,*a]',
  '!!js/function x',
];

/** Changes some bytes: flips, removes, repeats, inserts, swaps, cuts off. */
export function mutate(bytes: Buffer, dice: Dice): Buffer {
  let changed = bytes;
  for (let left = 1 + dice.below(3); left > 0; left -= 1) changed = mutateOnce(changed, dice);
  return changed;
}

function mutateOnce(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + dice.below(8));
  const [before, piece, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (dice.below(7)) {
    case 0:
      return Buffer.concat([before, piece.map((byte) => byte ^ (1 << dice.below(8))), after]);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, ...Array.from({ length: 2 + dice.below(50) }, () => piece), after]);
    case 3:
      return Buffer.concat([before, Buffer.from(dice.oneOf(TOKENS), 'latin1'), piece, after]);
    case 4:
      return Buffer.concat([before, Buffer.from(Array.from(piece, () => dice.below(256))), after]);
    case 5:
      return Buffer.concat([after, piece, before]);
    default:
      return before;
  }
}
