import { lineAndColumn } from './encoding.js';

type Expected = 'value' | 'value or ]' | 'name' | 'name or }' | 'colon' | 'comma' | 'end';

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const WORD = /(?:true|false|null)(?![\w$])/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
/** Special characters in a string: its end, an escape, or a control character. */
const SPECIAL = /["\\]|[^ -\uffff]/g;

/**
 * Why a text is not JSON, with the position. It quotes nothing of the text, which may hold a person's name; the messages of
 * JSON.parse do. Undefined if it is JSON.
 */
export function jsonFault(text: string): string | undefined {
  const opened: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at += lengthOf(SPACE, text, at);
    if (at === text.length) return expected === 'end' ? undefined : endFault(text, opened);
    const char = text.charAt(at);
    const problem = problemAt(text, at, expected, opened);
    if (problem !== undefined) return `${lineAndColumn(text.slice(0, problem.at))}: ${problem.what}`;
    switch (char) {
      case '{':
      case '[':
        opened.push(char);
        expected = char === '{' ? 'name or }' : 'value or ]';
        at += 1;
        break;
      case '}':
      case ']':
        opened.pop();
        expected = opened.length === 0 ? 'end' : 'comma';
        at += 1;
        break;
      case ',':
        expected = opened.at(-1) === '{' ? 'name' : 'value';
        at += 1;
        break;
      case ':':
        expected = 'value';
        at += 1;
        break;
      default:
        at = tokenEnd(text, at);
        if (expected === 'name' || expected === 'name or }') expected = 'colon';
        else expected = opened.length === 0 ? 'end' : 'comma';
    }
  }
}

interface Problem {
  at: number;
  what: string;
}

const WANTED: Record<Expected, string> = {
  value: 'a value is missing before this',
  'value or ]': 'a value is missing before this',
  name: 'a name in double quotes is missing before this',
  'name or }': 'a name in double quotes is missing before this',
  colon: 'a colon is missing before this',
  comma: 'a comma is missing before this',
  end: 'there is more text after the end',
};

function problemAt(
  text: string,
  at: number,
  expected: Expected,
  opened: readonly string[],
): Problem | undefined {
  const char = text.charAt(at);
  const here = (what: string): Problem => ({ at, what });
  if (char === '/' || char === '#') return here('JSON has no comments');
  if (expected === 'end') return here(WANTED.end);
  if (char === ',' || char === ':') {
    return (char === ',' ? 'comma' : 'colon') === expected ? undefined : here(WANTED[expected]);
  }
  if (char === '}' || char === ']') {
    const isOpen = opened.at(-1) === (char === '}' ? '{' : '[');
    if (isOpen && (expected === 'comma' || expected.endsWith(char))) return undefined;
    if (isOpen && expected !== 'colon' && text.slice(0, at).trimEnd().endsWith(','))
      return here('remove the comma before this');
    return here(isOpen ? WANTED[expected] : 'the wrong closing bracket');
  }
  if (expected === 'comma' || expected === 'colon') return here(WANTED[expected]);
  if (char === '"') return textProblem(text, at);
  if (char === "'" || char === '\u2018' || char === '\u201c')
    return here('write names and texts in double quotes (")');
  if (expected.startsWith('name'))
    return here(/[\w$]/.test(char) ? 'write names in double quotes' : WANTED[expected]);
  if (char === '{' || char === '[' || lengthOf(NUMBER, text, at) > 0 || lengthOf(WORD, text, at) > 0)
    return undefined;
  if (/[\d.+-]/.test(char)) return here('this is not a JSON number; write texts in double quotes');
  return here('this is not a JSON value; write texts in double quotes');
}

function textProblem(text: string, at: number): Problem | undefined {
  const end = specialAfter(text, at + 1);
  if (end === undefined) return { at, what: 'this text is not closed' };
  if (text[end] === '"') return undefined;
  if (text[end] === '\\') return { at: end, what: 'a backslash needs one of "\\/bfnrt or uXXXX after it' };
  const isBreak = text[end] === '\n' || text[end] === '\r';
  return {
    at: end,
    what: isBreak
      ? 'a text has a line break; write \\n, or close the text before it'
      : 'a text has a control character',
  };
}

/** The position of the next special character of a string, valid escapes excluded. */
function specialAfter(text: string, from: number): number | undefined {
  for (let at = from; ;) {
    SPECIAL.lastIndex = at;
    const special = SPECIAL.exec(text)?.index;
    if (special === undefined || text[special] !== '\\') return special;
    const escape = lengthOf(ESCAPE, text, special);
    if (escape === 0) return special;
    at = special + escape;
  }
}

function tokenEnd(text: string, at: number): number {
  if (text[at] === '"') return (specialAfter(text, at + 1) ?? at) + 1;
  return at + (lengthOf(NUMBER, text, at) || lengthOf(WORD, text, at));
}

function endFault(text: string, opened: readonly string[]): string {
  if (text.trim() === '') return 'it is empty';
  const last = opened.at(-1);
  const what =
    last === '{' ? 'an object is not closed' : last === '[' ? 'a list is not closed' : 'it ends early';
  return `${lineAndColumn(text)}: ${what}`;
}

function lengthOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}
