import { parseExactJson } from './exactJson.js';

/** The most names in brackets of one name of a form. */
const MAX_BRACKETS = 10;

/**
 * The document of a form: a name that was sent several times has a list. With `brackets`, `a[b][c]` nests and `a[]` is
 * a list, as PHP reads forms. The whole names are there as well.
 */
export function formDocument(
  entries: Iterable<readonly [string, unknown]>,
  { brackets = false }: { brackets?: boolean } = {},
): Record<string, unknown> {
  const root: Branch = new Map();
  for (const [name, value] of entries) {
    add(root, [name], value);
    const names = brackets ? namesIn(name) : [];
    if (names.length > 1) add(root, names, value);
  }
  return Object.fromEntries([...root].map(([name, node]) => [name, valueOf(node)]));
}

type Branch = Map<string, Node>;
type Node = { values: unknown[] } | Branch;

function namesIn(name: string): string[] {
  const [, first = '', rest = ''] = /^([^[\]]+)((?:\[[^[\]]*\])+)$/.exec(name) ?? [];
  const inner = [...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, one = '']) => one);
  return first === '' || inner.length > MAX_BRACKETS ? [name] : [first, ...inner];
}

function add(branch: Branch, [name = '', ...rest]: readonly string[], value: unknown): void {
  const key = name === '' ? String(branch.size) : name;
  const node = branch.get(key);
  if (rest.length === 0) {
    // A name with a value and with names in brackets: the names go on, as in PHP.
    if (node instanceof Map) return;
    branch.set(key, { values: [...(node?.values ?? []), value] });
    return;
  }
  const inner: Branch = node instanceof Map ? node : new Map();
  branch.set(key, inner);
  add(inner, rest, value);
}

function valueOf(node: Node): unknown {
  if (!(node instanceof Map)) return node.values.length === 1 ? node.values[0] : node.values;
  const isList = [...node.keys()].every((key, i) => key === String(i));
  const members = [...node].map(([name, inner]): [string, unknown] => [name, valueOf(inner)]);
  return isList ? members.map(([, value]) => value) : Object.fromEntries(members);
}

/** Whether a text is probably JSON and no form. */
export const looksLikeJson = (text: string): boolean => /^\s*[[{]/.test(text);

/** The body of a sample in a market file: JSON, or a form as it is sent. Undefined if it is neither. */
export function sampleDocument(text: string, options: { brackets?: boolean }): unknown {
  if (looksLikeJson(text)) return parseExactJson(text);
  return /^[^=\s]+=/.test(text) ? formDocument(new URLSearchParams(text.trim()), options) : undefined;
}
