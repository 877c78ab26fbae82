import { compileFilter, type Filter, ESCAPES } from './templateFilters.js';
import { compileOperand, type Reference, type Scope } from './scope.js';
import { ProtocolFault } from './protocolFault.js';
import type { Scalar, Step } from '../model/protocol.js';
import { textOfValue, type Value } from './values.js';

/*
 * Templates are texts with placeholders: `{{ lead.zip | zip5 }}`. A placeholder is one value and filters of a fixed list:
 * no tags, no loops, no calls. Rendering takes time in proportion to its result (docs/decisions/buyer-templates.md).
 */

export interface Template {
  render: (scope: Scope) => Value;
  references: readonly Reference[];
  placeholders: number;
}

const LONGEST_TEMPLATE = 4000;
const MOST_PLACEHOLDERS = 100;
const MOST_FILTERS = 10;

/** A rendered text is cut here, characters. */
const LONGEST_TEXT = 20_000;

interface Placeholder {
  read: (scope: Scope) => Value;
  reference?: Reference;
  /** Whether its last filter escapes for the place that it is in. */
  isEscaped: boolean;
}

/**
 * Compiles a text of the market file. A template that is one placeholder keeps the type of its value.
 * @param escape how each placeholder is escaped inside the text
 * @throws ProtocolFault that quotes the placeholder
 */
export function compileTemplate(
  text: Scalar,
  step: Step,
  escape: (text: string) => string = (same) => same,
): Template {
  const parts = typeof text === 'string' ? partsOf(text, step) : [text];
  const references = parts.flatMap((part) =>
    typeof part === 'object' && part.reference !== undefined ? part.reference : [],
  );
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) {
    if (typeof only !== 'object') return { render: () => only, references, placeholders: 0 };
    return { render: only.read, references, placeholders: 1 };
  }
  const render = (scope: Scope): Value => {
    let text = '';
    for (const part of parts) {
      text += typeof part === 'object' ? escape(textOfValue(part.read(scope))) : String(part);
      if (text.length > LONGEST_TEXT) break;
    }
    return cut(text);
  };
  const placeholders = parts.filter((part) => typeof part === 'object').length;
  return { render, references, placeholders };
}

/**
 * Compiles a text that has no structure. Each placeholder must say how it is escaped.
 * @throws ProtocolFault
 */
export function compileBareText(text: string, step: Step): Template {
  const parts = partsOf(text, step);
  const bare = parts.find((part) => typeof part === 'object' && !part.isEscaped);
  if (bare !== undefined)
    throw new ProtocolFault(
      `each placeholder of a text must end with a filter that says how it is escaped: ${ESCAPES.join(', ')}; write it like {{ lead.zip | url }}`,
    );
  return compileTemplate(text, step);
}

function cut(value: Value): Value {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  if (typeof value !== 'object') return value;
  let left = LONGEST_TEXT;
  return value.flatMap((text) => {
    const kept = text.slice(0, left);
    left -= kept.length;
    return kept.length === text.length || kept !== '' ? [kept] : [];
  });
}

function partsOf(text: string, step: Step): (string | Placeholder)[] {
  if (text.length > LONGEST_TEMPLATE)
    throw new ProtocolFault(`has ${text.length} characters; a template has at most ${LONGEST_TEMPLATE}`);
  if (/\{%/.test(text))
    throw new ProtocolFault('has a tag {% … %}; there are none, only placeholders like {{ lead.zip }}');
  const parts: (string | Placeholder)[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    if (open === -1) break;
    if (open > at) parts.push(text.slice(at, open));
    const reader = new ExpressionReader(text, open + 2);
    parts.push(placeholder(reader, step));
    at = reader.at;
  }
  if (at < text.length) parts.push(text.slice(at));
  const count = parts.filter((part) => typeof part === 'object').length;
  if (count > MOST_PLACEHOLDERS)
    throw new ProtocolFault(`has ${count} placeholders; a template has at most ${MOST_PLACEHOLDERS}`);
  return parts.length === 0 ? [''] : parts;
}

function placeholder(reader: ExpressionReader, step: Step): Placeholder {
  const { operand, filters } = reader.read();
  if (filters.length > MOST_FILTERS)
    throw new ProtocolFault(`has ${filters.length} filters in a row; at most ${MOST_FILTERS} are allowed`);
  const compiled: Filter[] = filters.map(({ name, args }) => compileFilter(name, args));
  const source =
    'literal' in operand ? { read: (): Value => operand.literal } : compileOperand(operand.path, step);
  return {
    reference: 'reference' in source ? source.reference : undefined,
    isEscaped: ESCAPES.includes(filters.at(-1)?.name ?? ''),
    // Each filter may double a text.
    read: (scope) =>
      compiled.reduce<Value>((value, filter) => cut(filter(value, scope)), cut(source.read(scope))),
  };
}

interface Expression {
  operand: { literal: string } | { path: string };
  filters: { name: string; args: Scalar[] }[];
}

const remedyFor = (path: string): string =>
  path.startsWith('ping.answer')
    ? 'ping.answer is for JSON; give a value of XML a name in the capture of the ping’s answer, and write {{ ping.capture.NAME }}'
    : 'write a placeholder like {{ lead.phone | phone: "national" }}';

/** Reads what is between `{{` and `}}`. */
class ExpressionReader {
  constructor(
    private readonly text: string,
    public at: number,
  ) {}

  read(): Expression {
    const start = this.at;
    const literal = this.quoted();
    const path = literal === undefined ? this.path() : '';
    if (literal === undefined && path === '')
      throw new ProtocolFault(`${this.shown(start)} is empty; write it like {{ lead.zip }}`);
    const filters: Expression['filters'] = [];
    while (this.take(/\s*\|\s*/y)) filters.push(this.filter(start));
    if (!this.take(/\s*\}\}/y))
      throw new ProtocolFault(`${this.shown(start)} can't be read; ${remedyFor(path)}`);
    return { operand: literal === undefined ? { path } : { literal }, filters };
  }

  /** A path ends at a filter or at the end; names in brackets may have any characters. */
  private path(): string {
    return this.take(/\s*((?:[\w.@$*-]+|\[(?:"[^"]*"|'[^']*'|[^\]"'{}])*\])+)/y)?.[1] ?? '';
  }

  private filter(start: number): { name: string; args: Scalar[] } {
    const [, name] = this.take(/(\w+)/y) ?? [];
    if (name === undefined) throw new ProtocolFault(`${this.shown(start)} has a | without a filter after it`);
    const args: Scalar[] = [];
    if (this.take(/\s*:/y)) {
      do args.push(this.argument(start));
      while (this.take(/\s*,/y));
    }
    return { name, args };
  }

  private argument(start: number): Scalar {
    const quoted = this.quoted();
    if (quoted !== undefined) return quoted;
    const [, number] = this.take(/\s*(-?\d{1,9}(?:\.\d{1,9})?)/y) ?? [];
    if (number !== undefined) return Number(number);
    const [, word] = this.take(/\s*([A-Za-z]\w*)/y) ?? [];
    if (word !== undefined) return word;
    throw new ProtocolFault(`${this.shown(start)} has an argument that can't be read; put a text in quotes`);
  }

  private quoted(): string | undefined {
    const [, double, single] = this.take(/\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')/sy) ?? [];
    return (double ?? single)?.replace(/\\(.)/gs, (_, one: string) => (one === 'n' ? '\n' : one));
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text) ?? undefined;
    if (match) this.at += match[0].length;
    return match;
  }

  private shown(start: number): string {
    const end = this.text.indexOf('}}', start);
    const rest = this.text.slice(start - 2, end === -1 ? start + 60 : end + 2);
    return `"${rest.length > 70 ? `${rest.slice(0, 69)}…` : rest}"`;
  }
}
