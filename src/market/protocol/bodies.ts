import { ProtocolFault } from './protocolFault.js';
import { compileTemplate, type Template } from './template.js';
import type { Reference, Scope } from './scope.js';
import type { Scalar, Step, Tree } from '../model/protocol.js';
import { isBlank, textOfValue, wellFormed, type Value } from './values.js';
import { escapeXml, xmlText } from './xmlText.js';

/*
 * Writers of bodies: JSON, forms and queries, XML. The structure comes from the market file alone; a template's value is
 * written as a value by the format's own rules, so nothing that a lead contains can change the structure.
 */

/** Reports a fault at a place in a tree. */
export type ReportFault = (path: readonly (string | number)[], message: string) => void;

export interface Compiling {
  step: Step;
  report: ReportFault;
  /** Takes what the templates refer to. */
  references: Reference[];
  /** Of the whole request. */
  size: RequestSize;
  /** How many documents it is a text in. */
  within?: number;
}

const DEEPEST = 20;
const MOST_LEAVES = 500;
const MOST_PLACEHOLDERS = 1000;
/** Each document doubles the backslashes of those in it. */
const MOST_WITHIN = 2;

/** What takes time to render. */
export interface RequestSize {
  leaves: number;
  placeholders: number;
}

/** Adds a template to those of its request. */
export function addTemplate(
  { references, size, report }: Compiling,
  template: Template,
  at: Place = [],
): void {
  references.push(...template.references);
  const before = size.placeholders;
  size.placeholders += template.placeholders;
  if (before <= MOST_PLACEHOLDERS && size.placeholders > MOST_PLACEHOLDERS)
    report(at, `is in a request of more than ${MOST_PLACEHOLDERS} placeholders`);
}

type Format = 'json' | 'form' | 'xml';
type Place = readonly (string | number)[];

/** The replacement of a blank value: nothing, an empty value, null, or a text. */
type Blank = { kind: 'omit' | 'empty' | 'null' } | { kind: 'text'; text: string };

const BLANK: Readonly<Record<Format, Blank>> = {
  json: { kind: 'omit' },
  form: { kind: 'omit' },
  xml: { kind: 'empty' },
};

interface Leaf {
  render: (scope: Scope) => Value;
  blank: Blank;
  onlyFor?: 'test' | 'live';
}

type Node =
  | { kind: 'leaf'; leaf: Leaf }
  | { kind: 'list'; items: Node[] }
  | { kind: 'map'; entries: (readonly [name: string, node: Node])[] }
  /** A document as a text inside another one. */
  | { kind: 'embedded'; write: (scope: Scope) => string };

type MapTree = Readonly<Record<string, Tree>>;

const isMap = (tree: Tree): tree is MapTree & { [name: string]: Tree } =>
  typeof tree === 'object' && !Array.isArray(tree);

const LEAF_KEYS = ['value', 'blank', 'onlyFor'];

/** `{ value: …, blank: omit, onlyFor: test }`: a leaf with options. A map with `value` alone is a map. */
const isLeafMap = (tree: MapTree): boolean => {
  const keys = Object.keys(tree);
  return keys.length > 1 && 'value' in tree && keys.every((key) => LEAF_KEYS.includes(key));
};

class TreeCompiler {
  constructor(
    private readonly format: Format,
    private readonly compiling: Compiling,
  ) {}

  compile(tree: Tree, path: Place): Node | undefined {
    if (path.length > DEEPEST) return this.refused(path, `is nested more than ${DEEPEST} deep`);
    if (Array.isArray(tree)) {
      const items = tree.flatMap((item, i) => this.compile(item, [...path, i]) ?? []);
      return { kind: 'list', items };
    }
    if (!isMap(tree)) return this.leaf({ value: tree }, path, path);
    if (isLeafMap(tree)) return this.leaf(tree, [...path, 'value'], path);
    const [first] = Object.keys(tree);
    if (first !== undefined && (first === '#json' || first === '#xml'))
      return this.embedded(tree, path, first);
    const entries = Object.entries(tree).flatMap(([name, item]): (readonly [string, Node])[] => {
      const node = this.compile(item, [...path, name]);
      return node === undefined ? [] : [[name, node]];
    });
    return { kind: 'map', entries };
  }

  private leaf({ value = '', blank, onlyFor }: MapTree, at: Place, path: Place): Node | undefined {
    const { step, size } = this.compiling;
    size.leaves += 1;
    if (size.leaves === MOST_LEAVES + 1)
      return this.refused(path, `is one of more than ${MOST_LEAVES} values`);
    if (size.leaves > MOST_LEAVES) return undefined;
    if (typeof value === 'object') return this.refused(at, 'is not a text, a number, true or false');
    if (onlyFor !== undefined && onlyFor !== 'test' && onlyFor !== 'live')
      return this.refused([...path, 'onlyFor'], `"${shown(onlyFor)}" is neither test nor live`);
    try {
      const template = compileTemplate(value, step);
      addTemplate(this.compiling, template, at);
      return {
        kind: 'leaf',
        leaf: { render: template.render, blank: blankOf(blank) ?? BLANK[this.format], onlyFor },
      };
    } catch (error) {
      if (!(error instanceof ProtocolFault)) throw error;
      return this.refused(at, error.message);
    }
  }

  private embedded(tree: MapTree, path: Place, key: '#json' | '#xml'): Node | undefined {
    const inner = tree[key];
    if (Object.keys(tree).length > 1 || inner === undefined)
      return this.refused(path, `has ${key} beside other names; a document in a text is alone`);
    const { report, within = 0 } = this.compiling;
    if (within === MOST_WITHIN)
      return this.refused(
        path,
        `is in ${MOST_WITHIN} documents that are texts, and may not have another one`,
      );
    const inside: Compiling = {
      ...this.compiling,
      within: within + 1,
      report: (at, message) => report([...path, key, ...at], message),
    };
    const write = key === '#json' ? compileJson(inner, inside) : compileXml(inner, inside);
    return { kind: 'embedded', write };
  }

  private refused(path: Place, message: string): Node | undefined {
    this.compiling.report(path, message);
    return undefined;
  }
}

const shown = (tree: Tree): string => (typeof tree === 'object' ? 'a map or a list' : String(tree));

function blankOf(blank: Tree | undefined): Blank | undefined {
  if (blank === undefined) return undefined;
  if (blank === 'omit' || blank === 'empty' || blank === 'null') return { kind: blank };
  return { kind: 'text', text: shown(blank) };
}

const isSent = ({ onlyFor }: Leaf, { test }: Scope): boolean =>
  onlyFor === undefined || (onlyFor === 'test') === test;

/** The value of a leaf; undefined if it is left out. */
function valueOf(leaf: Leaf, scope: Scope): Scalar | readonly string[] | null | undefined {
  if (!isSent(leaf, scope)) return undefined;
  const value = leaf.render(scope);
  if (!isBlank(value)) return value;
  switch (leaf.blank.kind) {
    case 'omit':
      return undefined;
    case 'empty':
      return '';
    case 'null':
      return null;
    case 'text':
      return leaf.blank.text;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// JSON
// ---------------------------------------------------------------------------------------------------------------------

export function compileJson(tree: Tree, compiling: Compiling): (scope: Scope) => string {
  const node = new TreeCompiler('json', compiling).compile(tree, []);
  return (scope) => JSON.stringify(node === undefined ? null : (jsonOf(node, scope) ?? null));
}

function jsonOf(node: Node, scope: Scope): unknown {
  switch (node.kind) {
    case 'leaf': {
      const value = valueOf(node.leaf, scope);
      return typeof value === 'string' ? wellFormed(value) : value;
    }
    case 'list':
      return node.items.map((item) => jsonOf(item, scope)).filter((item) => item !== undefined);
    case 'map': {
      const entries = node.entries.map(([name, item]): [string, unknown] => [name, jsonOf(item, scope)]);
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
    }
    case 'embedded':
      return node.write(scope);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Forms and queries
// ---------------------------------------------------------------------------------------------------------------------

/** Names and values in their order; a list repeats its name. */
export type Pairs = (readonly [name: string, value: string])[];

export function compileForm(tree: Tree, compiling: Compiling): (scope: Scope) => Pairs {
  const node = new TreeCompiler('form', compiling).compile(tree, []);
  if (node === undefined) return () => [];
  if (node.kind !== 'map') {
    compiling.report([], 'is not a map of names and values');
    return () => [];
  }
  for (const [name, item] of node.entries) {
    const inner = item.kind === 'list' ? item.items : [item];
    if (inner.some(({ kind }) => kind === 'map' || kind === 'list'))
      compiling.report([name], 'is a map, and a form is flat; name each value itself, such as a[b] or a.b');
  }
  return (scope) =>
    node.entries.flatMap(([name, item]) => textsOf(item, scope).map((text) => [name, text] as const));
}

function textsOf(node: Node, scope: Scope): string[] {
  switch (node.kind) {
    case 'leaf': {
      const value = valueOf(node.leaf, scope);
      return value === undefined ? [] : [value === null ? 'null' : textOfValue(value)];
    }
    case 'list':
      return node.items.flatMap((item) => textsOf(item, scope));
    case 'map':
      return [];
    case 'embedded':
      return [node.write(scope)];
  }
}

/** `application/x-www-form-urlencoded` */
export function formText(pairs: Pairs): string {
  const form = new URLSearchParams();
  for (const [name, value] of pairs) form.append(name, value);
  return form.toString();
}

// ---------------------------------------------------------------------------------------------------------------------
// XML
// ---------------------------------------------------------------------------------------------------------------------

const NAME = /^[\p{L}_][\p{L}\p{N}_.-]*(?::[\p{L}_][\p{L}\p{N}_.-]*)?$/u;
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"';

/** A document of one element, without a declaration. */
export function compileXml(tree: Tree, compiling: Compiling): (scope: Scope) => string {
  const write = compileXmlParts(tree, compiling);
  const roots = isMap(tree) ? Object.keys(tree) : [];
  if (roots.length !== 1 || roots[0]?.startsWith('@') === true || roots[0]?.startsWith('#') === true)
    compiling.report(
      [],
      'is not one element, which a document is; write the name of its root as the only key',
    );
  return write;
}

/** Several elements, for a place in a document. */
export function compileXmlParts(tree: Tree, compiling: Compiling): (scope: Scope) => string {
  const node = new TreeCompiler('xml', compiling).compile(tree, []);
  if (node === undefined) return () => '';
  checkNames(node, [], compiling.report);
  if (node.kind !== 'map') return () => '';
  return (scope) => node.entries.map(([name, item]) => elementText(name, item, scope)).join('');
}

function checkNames(node: Node, path: Place, report: ReportFault): void {
  if (node.kind === 'list')
    for (const [i, item] of node.items.entries()) checkNames(item, [...path, i], report);
  if (node.kind !== 'map') return;
  for (const [name, item] of node.entries) {
    const isText = name === '#text' || name === '#cdata';
    const bare = name.startsWith('@') ? name.slice(1) : name;
    if (!isText && !NAME.test(bare))
      report([...path, name], `"${name}" is not the name of an element; attributes begin with @`);
    if ((isText || name.startsWith('@')) && item.kind !== 'leaf' && item.kind !== 'embedded')
      report([...path, name], 'is not a text');
    checkNames(item, [...path, name], report);
  }
}

function elementText(name: string, node: Node, scope: Scope): string {
  switch (node.kind) {
    case 'list':
      return node.items.map((item) => elementText(name, item, scope)).join('');
    case 'embedded':
      return wrapped(name, '', escapeXml(node.write(scope)));
    case 'leaf': {
      const value = valueOf(node.leaf, scope);
      if (value === undefined) return '';
      if (value === null) return wrapped(name, ` ${XSI}`, '');
      return wrapped(name, '', escapeXml(xmlText(textOfValue(value))));
    }
    case 'map': {
      let attributes = '';
      let inner = '';
      for (const [key, item] of node.entries) {
        if (key.startsWith('@')) attributes += attributeText(key.slice(1), item, scope);
        else if (key === '#text') inner += escapeXml(xmlText(textsOf(item, scope).join('')));
        else if (key === '#cdata') inner += cdata(textsOf(item, scope).join(''));
        else inner += elementText(key, item, scope);
      }
      return wrapped(name, attributes, inner);
    }
  }
}

const wrapped = (name: string, attributes: string, inner: string): string =>
  `<${name}${attributes}>${inner}</${name}>`;

function attributeText(name: string, node: Node, scope: Scope): string {
  const text = textsOf(node, scope).join('');
  // White space would be read as spaces.
  const value = escapeXml(xmlText(text)).replace(/[\t\n\r]/g, (one) => `&#${one.charCodeAt(0)};`);
  return text === '' ? '' : ` ${name}="${value}"`;
}

/** An end mark in the text ends one section and begins another. */
const cdata = (text: string): string => `<![CDATA[${xmlText(text).replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
