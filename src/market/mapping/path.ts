import { nearest } from '../nearest.js';
import { JSONPathEnvironment, type JSONPathQuery, type JSONValue } from 'json-p3';

/**
 * A path into a document: names and indexes with dots and brackets, or JSONPath if it begins with `$`.
 * `parsePath` makes it.
 */
export interface DocumentPath {
  text: string;
  /** Of a JSONPath. */
  query?: JSONPathQuery;
  /** Of any other path; absent if the text can only be a top-level name. */
  steps?: readonly Step[];
}

type Step =
  | { kind: 'name'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'each' }
  | { kind: 'filter'; steps: readonly Step[]; is: string };

export const MAX_PATH = 200;
export const MAX_STEPS = 20;

/**
 * Parses a path.
 *
 * - `form.fields[0].name`, `answers["No Label zip"]`, `form[first name]`
 * - `[-1]` is the last of a list, `[*]` each of a list or map, `[?@.ref=="zip"]` those whose `ref` is "zip"
 * - `interest[]`: a top-level name, as PHP's forms have it
 * - `$..name`: JSONPath (RFC 9535) without `match` and `search`, whose expressions could take very long
 *
 * @returns the path, or what is wrong with it, with a remedy
 */
export function parsePath(text: string): DocumentPath | { problem: string } {
  if (text.length > MAX_PATH)
    return { problem: `has ${text.length} characters; a path has at most ${MAX_PATH}` };
  if (text.trim() === '') return { problem: 'is empty; write the name or the path of a value' };
  if (/^\$(?=$|[.[])/.test(text)) return parseQuery(text);
  if (text.endsWith('[]')) return { text };
  const steps = new StepReader(text).read();
  if ('problem' in steps) return steps;
  const problem = tooManySteps(steps.length);
  return problem === undefined ? { text, steps } : { problem };
}

const tooManySteps = (steps: number): string | undefined =>
  steps > MAX_STEPS ? `has ${steps} steps; a path has at most ${MAX_STEPS}` : undefined;

/**
 * The value at a path. A top-level name that equals the whole path goes first, so that names with dots and brackets
 * (`1.3`, `data.json`, `interest[]`) need no quotes. Only what the document itself has is found, never what JavaScript's
 * objects inherit.
 * @returns undefined if there is nothing; a list if the path has several values
 */
export function valueAt({ text, query, steps = [] }: DocumentPath, document: unknown): unknown {
  if (isMap(document) && Object.hasOwn(document, text)) return document[text];
  if (query !== undefined) return onlyOf(valuesOf(query, document));
  const takesSeveral = steps.some(({ kind }) => kind === 'each' || kind === 'filter');
  const found = steps.reduce<unknown[]>(
    (values, step) => values.flatMap((value) => take(step, value)),
    [document],
  );
  return takesSeveral ? onlyOf(found) : found[0];
}

const onlyOf = (values: unknown[]): unknown => (values.length > 1 ? values : values[0]);

/**
 * What the document has instead of a path's first step that leads nowhere; undefined if nothing is like it.
 * @returns a few words: names of fields, never values
 */
export function pathHint({ text, steps = [] }: DocumentPath, document: unknown): string | undefined {
  let value = document;
  for (const [i, step] of steps.entries()) {
    const [next] = take(step, value);
    if (next !== undefined) {
      value = next;
      continue;
    }
    if (step.kind !== 'name' || !isMap(value)) return undefined;
    const names = Object.keys(value).slice(0, MOST_HINTED);
    const meant = nearest(step.name, names) ?? (i === 0 ? nearest(text, names) : undefined);
    return meant === undefined ? undefined : `there is ${JSON.stringify(meant)}`;
  }
  return undefined;
}

/** Names that a hint is looked for among. */
const MOST_HINTED = 200;

type DocumentMap = Readonly<Record<string, unknown>>;

export const isMap = (value: unknown): value is DocumentMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text of a single value; undefined for a list, a map and null. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The values of one step in a value. A step never makes more values than the document has, so a path takes linear time. */
function take(step: Step, value: unknown): unknown[] {
  switch (step.kind) {
    case 'name':
      return isMap(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index': {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case 'each':
      return membersOf(value);
    case 'filter':
      return membersOf(value).filter((item) => {
        const found = step.steps.reduce<unknown[]>(
          (values, one) => values.flatMap((v) => take(one, v)),
          [item],
        );
        return scalarText(found[0]) === step.is;
      });
  }
}

function membersOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isMap(value) ? Object.values(value) : [];
}

/** Reads the steps of a path, from left to right. */
class StepReader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): Step[] | { problem: string } {
    const steps: Step[] = [];
    while (this.at < this.text.length) {
      const step = this.next(steps.length === 0);
      if ('problem' in step) return step;
      steps.push(step);
    }
    return steps;
  }

  private next(isFirst: boolean): Step | { problem: string } {
    if (this.take(/\[/y)) return this.bracket();
    if (!isFirst && !this.take(/\./y)) return this.problem('put a dot before the next name');
    const [name] = this.take(/[^.[\]]+/y) ?? [];
    return name === undefined
      ? this.problem('put a name here; one with dots or brackets in it is written as ["the.name"]')
      : { kind: 'name', name };
  }

  private bracket(): Step | { problem: string } {
    const step = this.inBrackets();
    if ('problem' in step || this.take(/\s*\]/y)) return step;
    return this.problem('close the bracket with ]');
  }

  private inBrackets(): Step | { problem: string } {
    if (this.take(/\s*\*/y)) return { kind: 'each' };
    if (this.take(/\s*\?/y)) return this.filter();
    const [, index] = this.take(/\s*(-?\d{1,9})(?=\s*\])/y) ?? [];
    if (index !== undefined) return { kind: 'index', index: Number(index) };
    const quoted = this.quoted();
    if (quoted !== undefined) return { kind: 'name', name: quoted };
    const [, name] = this.take(/\s*([^\s.[\]"'?*][^.[\]"']*?)(?=\s*\])/y) ?? [];
    return name === undefined
      ? this.problem('write an index, * or a name in quotes between the brackets: [0], ["the name"]')
      : { kind: 'name', name };
  }

  /** `@.ref=="zip"`, behind the question mark */
  private filter(): Step | { problem: string } {
    const steps: Step[] = [];
    if (!this.take(/\s*@/y)) return this.problem('write a filter like [?@.ref=="zip"]');
    for (let more = true; more;) {
      const [, name] = this.take(/\.([\p{L}\p{N}_-]+)/uy) ?? [];
      if (name !== undefined) steps.push({ kind: 'name', name });
      else if (this.take(/\[/y)) {
        const step = this.bracket();
        if ('problem' in step) return step;
        if (step.kind !== 'name' && step.kind !== 'index')
          return this.problem('a filter compares one value; write it like [?@.ref=="zip"]');
        steps.push(step);
      } else more = false;
    }
    if (steps.length > MAX_STEPS) return this.problem(`a filter has at most ${MAX_STEPS} steps`);
    if (!this.take(/\s*==\s*/y)) return this.problem('write a filter like [?@.ref=="zip"]');
    const is = this.quoted() ?? this.take(/true|false|-?\d{1,20}(?:\.\d{1,20})?/y)?.[0];
    return is === undefined
      ? this.problem('compare with a text in quotes, a number, true or false: [?@.ref=="zip"]')
      : { kind: 'filter', steps, is };
  }

  /** A text in single or double quotes, in which a backslash stands before a quote and before itself. */
  private quoted(): string | undefined {
    const [, double, single] = this.take(/\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/suy) ?? [];
    return (double ?? single)?.replace(/\\(.)/gsu, '$1');
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text) ?? undefined;
    if (match) this.at += match[0].length;
    return match;
  }

  private problem(remedy: string): { problem: string } {
    return { problem: `can't be read as a path at character ${this.at + 1}; ${remedy}` };
  }
}

/** Deeper documents are not read at all (`readDocument`). */
const queries = new JSONPathEnvironment({ maxRecursionDepth: 200 });
for (const slow of ['match', 'search']) queries.functionRegister.delete(slow);

/** At most one of these, because each of them may look at the whole document again for every value found so far. */
const SEARCHES = /\.\.|\?|\$/g;

/** `[0,0]` takes a value twice, so that a few of them in one path take very long. */
const SELECTORS = 'has a comma; write one selector between the brackets';

function parseQuery(text: string): DocumentPath | { problem: string } {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  const found: readonly string[] = bare.match(SEARCHES) ?? [];
  const twice = found.find((sign, i) => found.indexOf(sign) < i);
  if (twice !== undefined)
    return { problem: `has ${twice} twice, which may take very long on a large document; use it once` };
  try {
    const query = queries.compile(text);
    const problem = bare.includes(',') ? SELECTORS : tooManySteps(query.segments.length);
    return problem === undefined ? { text, query } : { problem };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/ \('.*$/s, '') : String(error);
    return { problem: `is not JSONPath (RFC 9535): ${why}` };
  }
}

/** No values if the document is deeper than the query may go. */
function valuesOf(query: JSONPathQuery, document: unknown): unknown[] {
  try {
    return query.query(document as JSONValue).values();
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && error.name.startsWith('JSONPath')))
      return [];
    throw error;
  }
}
