import { ProtocolFault } from './protocolFault.js';
import { elementsOf, xmlTextOf, type XmlElement } from './xmlDocument.js';

/** A path into an XML document: the first value that it finds, in the order of the document. */
export type XPath = (root: XmlElement) => string | undefined;

const LONGEST_PATH = 300;
const MOST_STEPS = 20;

interface PathStep {
  /** Whether it begins with `//`. */
  isDeep: boolean;
  /** Undefined: any. */
  name?: string;
  predicates: Predicate[];
}

type Predicate =
  | { kind: 'position'; position: number }
  | { kind: 'last' }
  | { kind: 'equals'; name: string; isAttribute: boolean; value: string };

interface ElementPath {
  steps: PathStep[];
  /** The attribute that is taken of the elements; absent: their text. */
  attribute?: string;
}

/**
 * Compiles the part of XPath that answers need: `/a/b`, `//b`, `b[2]`, `b[last()]`, `b[c='x']`, `b[@c='x']`, `*`,
 * `*[local-name()='b']`, `/@c` and `/text()` at the end, and `x | y`. Names are local names: prefixes are ignored.
 * Evaluation visits each element at most once per step.
 * @throws ProtocolFault
 */
export function compileXPath(text: string): XPath {
  if (text.length > LONGEST_PATH)
    throw new ProtocolFault(`has ${text.length} characters; a path has at most ${LONGEST_PATH}`);
  const paths = text.split('|').map((one) => parsePath(one.trim()));
  return (root) => {
    for (const path of paths) {
      for (const element of elementsAt(path.steps, root)) {
        const { attribute } = path;
        const value = attribute === undefined ? xmlTextOf(element) : ownAttribute(element, attribute);
        if (value !== undefined && value.trim() !== '') return value.trim();
      }
    }
    return undefined;
  };
}

const ownAttribute = ({ attributes }: XmlElement, name: string): string | undefined =>
  Object.hasOwn(attributes, name) ? attributes[name] : undefined;

const NAME = String.raw`(?:[\p{L}_][\p{L}\p{N}_.-]*:)?([\p{L}_][\p{L}\p{N}_.-]*)`;
const STEP = new RegExp(String.raw`(\/\/?)(?:${NAME}|\*)`, 'uy');
const END = new RegExp(String.raw`(\/\/?)(?:@${NAME}|text\(\))\s*$`, 'uy');
const POSITION = /\[\s*(?:(\d{1,5})|(last\(\)))\s*\]/y;
const LOCAL = /\[\s*local-name\(\)\s*=\s*(?:"([^"]*)"|'([^']*)')\s*\]/y;
const EQUALS = new RegExp(String.raw`\[\s*(@?)${NAME}\s*=\s*(?:"([^"]*)"|'([^']*)')\s*\]`, 'uy');

function parsePath(text: string): ElementPath {
  const steps: PathStep[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text) ?? undefined;
    if (match) at += match[0].length;
    return match;
  };
  while (at < text.length) {
    const end = take(END);
    if (end !== undefined) {
      // `//@id` is the attribute of any element.
      if (end[1] === '//') steps.push({ isDeep: true, predicates: [] });
      if (steps.length === 0) break;
      return { steps, attribute: end[2] };
    }
    const step = take(STEP);
    if (step === undefined) break;
    const made: PathStep = { isDeep: step[1] === '//', name: step[2], predicates: [] };
    for (;;) {
      const local = take(LOCAL);
      if (local !== undefined) {
        made.name = local[1] ?? local[2];
        continue;
      }
      const predicate = predicateIn(take);
      if (predicate === undefined) break;
      made.predicates.push(predicate);
    }
    steps.push(made);
    if (steps.length > MOST_STEPS)
      throw new ProtocolFault(`has more than ${MOST_STEPS} steps; write // before the last name`);
  }
  if (at < text.length || steps.length === 0)
    throw new ProtocolFault(
      `"${text}" can't be read at character ${at + 1}; write a path like /response/price, //price, /a/@id or //*[local-name()='price']`,
    );
  return { steps };
}

function predicateIn(take: (pattern: RegExp) => RegExpExecArray | undefined): Predicate | undefined {
  const position = take(POSITION);
  if (position !== undefined)
    return position[1] === undefined ? { kind: 'last' } : { kind: 'position', position: Number(position[1]) };
  const [, sign, name, double, single] = take(EQUALS) ?? [];
  if (name === undefined) return undefined;
  return { kind: 'equals', name, isAttribute: sign === '@', value: double ?? single ?? '' };
}

function elementsAt(steps: readonly PathStep[], root: XmlElement): XmlElement[] {
  return steps.reduce<XmlElement[]>(
    (found, step) => {
      const parents = step.isDeep ? withDescendants(found) : found;
      return parents.flatMap((parent) => chosen(step, parent));
    },
    [root],
  );
}

/** In the order of the document, each once. */
function withDescendants(elements: readonly XmlElement[]): XmlElement[] {
  const seen = new Set<XmlElement>();
  const walk = (element: XmlElement): void => {
    if (seen.has(element)) return;
    seen.add(element);
    for (const child of elementsOf(element)) walk(child);
  };
  for (const element of elements) walk(element);
  return [...seen];
}

function chosen({ name, predicates }: PathStep, parent: XmlElement): XmlElement[] {
  const named = elementsOf(parent).filter((child) => name === undefined || child.name === name);
  return predicates.reduce<XmlElement[]>((left, predicate) => left.filter(test(predicate)), named);
}

const test =
  (predicate: Predicate) =>
  (element: XmlElement, i: number, all: readonly XmlElement[]): boolean => {
    switch (predicate.kind) {
      case 'position':
        return i + 1 === predicate.position;
      case 'last':
        return i + 1 === all.length;
      case 'equals': {
        const { name, isAttribute, value } = predicate;
        if (isAttribute) return ownAttribute(element, name) === value;
        return elementsOf(element).some((child) => child.name === name && xmlTextOf(child) === value);
      }
    }
  };
