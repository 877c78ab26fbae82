import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { type Fault, type Path, pathText, type Position } from './fault.js';

/** A YAML text as plain values, with the position of each. */
export interface MarketDocument {
  value: unknown;
  /** The position of a path in the text; for a path that does not exist, of its nearest parent. */
  locate: (path: Path, at?: 'key' | 'value') => Position;
  /** Keys that a map has twice. */
  faults: Fault[];
}

/**
 * Maximum length of the text. A market of 10,000 contracts is a third of it; more is a mistake or an attack on
 * memory.
 */
export const LONGEST_TEXT = 8 * 1024 * 1024;

/** Reads a YAML text. Unreadable text is returned as faults; it never throws. */
export function readDocument(text: string): MarketDocument | { faults: Fault[] } {
  if (text.length > LONGEST_TEXT) {
    return whole(`is ${text.length} characters long; more than ${LONGEST_TEXT} are not read`);
  }
  const lines = lineStarts(text);
  try {
    const document = parseDocument(text, {
      prettyErrors: false,
      schema: 'core',
      uniqueKeys: false,
      logLevel: 'error',
    });
    const unreadable = firstOf(document, lines);
    if (unreadable) return { faults: [unreadable] };
    const { repeated, dangling } = lookThrough(document, lines);
    if (dangling.length > 0) return { faults: dangling };
    // Aliases that multiply are refused here, before anything walks through them.
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return {
      value,
      locate: (path, at = 'value') => position(lines, offset(document, path, at)),
      faults: repeated,
    };
  } catch (error) {
    if (error instanceof RangeError) return whole(TOO_DEEP);
    return whole(`can't be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The first syntax fault; later ones usually follow from it. */
function firstOf({ contents, errors, warnings }: Document.Parsed, lines: LineStarts): Fault | undefined {
  const [first, ...more] = [...errors, ...warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first === undefined) return undefined;
  const stray = strayText(contents, first.pos[0]);
  if (stray) return { ...position(lines, stray.at), path: '', message: stray.message };
  const rest = more.filter(({ pos }) => pos[0] !== first.pos[0]).length;
  const hint =
    rest === 0 ? '' : ` (${rest} more ${rest === 1 ? 'fault' : 'faults'} after this one may follow from it)`;
  return { ...position(lines, first.pos[0]), path: '', message: inWords(first) + hint };
}

/** A line of text above the first key is taken for the whole document, so that every later line is at fault. */
function strayText(contents: unknown, before: number): { at: number; message: string } | undefined {
  if (!isScalar(contents) || typeof contents.value !== 'string' || !contents.range) return undefined;
  const [at, end] = contents.range;
  if (end > before) return undefined;
  const [line = ''] = contents.value.slice(0, 60).split('\n');
  return { at, message: `"${line}" is not a key with a colon after it; remove it` };
}

function inWords({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'begins a second document; a market is one: remove the line with ---';
  return message.startsWith('Maximum call stack') ? TOO_DEEP : `can't be read as YAML: ${message}`;
}

const TOO_DEEP = 'is nested too deeply';

const whole = (message: string): { faults: Fault[] } => ({
  faults: [{ line: 1, column: 1, path: '', message }],
});

/** The offset at which each line begins. (The parser's own counter misses lines in texts that it can't read.) */
type LineStarts = readonly number[];

const lineStarts = (text: string): LineStarts => [
  0,
  ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1),
];

function position(lines: LineStarts, offset: number): Position {
  let [low, high] = [0, lines.length];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
}

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : String(key));

const isNode = (node: unknown): node is Node => isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);

const start = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** Where the path leads, as an offset in the text. */
function offset(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let found = start(document.contents) ?? 0;
  let node: unknown = document.contents;
  for (const [i, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.findLast((item) => keyOf(item) === String(step)) : undefined;
    const next: unknown = isSeq(node) && typeof step === 'number' ? node.items[step] : pair?.value;
    if (pair === undefined && next === undefined) return found;
    const isEmpty = isScalar(next) && next.value === null && next.source === '';
    const useKey = pair !== undefined && (isEmpty || (at === 'key' && i === path.length - 1));
    found = start(useKey ? pair.key : next) ?? start(pair?.key) ?? found;
    node = next;
  }
  return found;
}

/** Finds duplicate keys in maps, and aliases without an earlier anchor or within their own. */
function lookThrough(document: Document.Parsed, lines: LineStarts): Record<'repeated' | 'dangling', Fault[]> {
  const repeated: Fault[] = [];
  const dangling: Fault[] = [];
  const anchors = new Map<string, Node>();
  const refuse = (alias: Node, message: string): void => {
    dangling.push({ ...position(lines, start(alias) ?? 0), path: '', message });
  };
  visit(document, (_, node, ancestors) => {
    if (isAlias(node)) {
      const anchored = anchors.get(node.source);
      if (anchored === undefined)
        refuse(node, `*${node.source} stands for nothing: write &${node.source} before what it repeats`);
      else if (ancestors.includes(anchored))
        refuse(node, `*${node.source} is within what it repeats, which would never end; remove it`);
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
      anchors.set(node.anchor, node);
    if (isMap(node)) repeated.push(...repeatedKeys(node, pathOf([...ancestors, node]), lines));
  });
  return { repeated, dangling };
}

function repeatedKeys(map: YAMLMap, path: Path, lines: LineStarts): Fault[] {
  const seen = new Set<string>();
  return map.items.flatMap((pair) => {
    const key = keyOf(pair);
    const repeats = seen.has(key);
    seen.add(key);
    const message = 'is here for the second time in its map; keep one of the two';
    return repeats
      ? [{ ...position(lines, start(pair.key) ?? 0), path: pathText([...path, key]), message }]
      : [];
  });
}

/** The path of a node by its ancestors; the node itself is the last. */
function pathOf(nodes: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  for (const [i, node] of nodes.entries()) {
    if (isPair(node)) path.push(keyOf(node));
    else if (isSeq(node) && i + 1 < nodes.length) path.push(node.items.indexOf(nodes[i + 1]));
  }
  return path;
}
