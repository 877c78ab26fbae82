import { parsePath, scalarText, valueAt } from '../mapping/path.js';
import type { AnswerDocument } from './answerDocument.js';
import type { ReportFault } from './bodies.js';
import { compileMatcher, type Matcher } from './matcher.js';
import { ProtocolFault } from './protocolFault.js';
import type { PlainCondition, Selector } from '../model/protocol.js';
import { compileXPath } from './xpath.js';

/** An answer with everything that selectors can look at. */
export interface SelectedAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  document: AnswerDocument;
}

/** A value of an answer, trimmed; undefined if it is absent, null, nil or blank. */
export type Selected = (answer: SelectedAnswer) => string | undefined;

const NONE: Selected = () => undefined;

/** Compiles a selector; faults go to `report`, with their place below the selector. */
export function compileSelector({ at, re, header }: Selector, report: ReportFault): Selected {
  if (at !== undefined && header !== undefined) report([], 'has at and header; keep one of them');
  if (at === undefined && re === undefined && header === undefined) {
    report([], 'selects nothing; write at, re or header');
    return NONE;
  }
  const source = sourceOf({ at, header }, report);
  const matcher = re === undefined ? undefined : matcherOf(re, report);
  return (answer) => {
    const text = source(answer);
    const value = text === undefined || matcher === undefined ? text : matcher(text);
    const trimmed = value?.trim();
    return trimmed === '' ? undefined : trimmed;
  };
}

function sourceOf({ at, header }: Selector, report: ReportFault): Selected {
  if (header !== undefined) {
    const name = header.toLowerCase();
    return ({ headers }) => (Object.hasOwn(headers, name) ? headers[name] : undefined);
  }
  if (at === undefined) return ({ document }) => document.text;
  const paths = (typeof at === 'string' ? [at] : at).map((path, i) =>
    pathOf(path, (message) => report(typeof at === 'string' ? ['at'] : ['at', i], message)),
  );
  return (answer) => {
    for (const path of paths) {
      const found = path(answer);
      if (found !== undefined && found.trim() !== '') return found;
    }
    return undefined;
  };
}

function pathOf(path: string, fault: (message: string) => void): Selected {
  if (path.startsWith('/')) {
    try {
      const xpath = compileXPath(path);
      return ({ document }) => (document.kind === 'xml' ? xpath(document.root) : undefined);
    } catch (error) {
      if (!(error instanceof ProtocolFault)) throw error;
      fault(error.message);
      return NONE;
    }
  }
  const parsed = parsePath(path);
  if ('problem' in parsed) {
    fault(`"${path}" ${parsed.problem}`);
    return NONE;
  }
  return ({ document }) => {
    if (document.kind !== 'json') return undefined;
    const value = valueAt(parsed, document.data);
    return scalarText(Array.isArray(value) ? (value as unknown[])[0] : value);
  };
}

function matcherOf(expression: string, report: ReportFault): Matcher | undefined {
  try {
    return compileMatcher(expression);
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    report(['re'], error.message);
    return undefined;
  }
}

/** Whether a condition holds. `isRest`: it holds if no other condition does (`is: other`). */
export interface CompiledCondition {
  holds: (answer: SelectedAnswer) => boolean;
  isRest: boolean;
}

/** Compiles one condition. A condition without `is` holds if its expression matches. */
export function compilePlainCondition(
  { is, status, ...selector }: PlainCondition,
  report: ReportFault,
): CompiledCondition {
  const selects = Object.keys(selector).length > 0;
  const hasStatus: CompiledCondition['holds'] =
    status === undefined ? () => true : (answer) => status.includes(answer.status);
  if (!selects) {
    if (status === undefined) report([], 'tests nothing; write at, re, header or status');
    if (is !== undefined) report(['is'], 'is not compared with anything; add at, re or header');
    return { holds: hasStatus, isRest: false };
  }
  const select = compileSelector(selector, report);
  if (is === undefined && selector.re === undefined)
    report([], 'names no value; add is, such as is: [accepted], or is: any');
  const fits = compileIs(is ?? 'any');
  return {
    isRest: is === 'other',
    holds: (answer) => {
      if (!hasStatus(answer)) return false;
      const value = select(answer);
      return value !== undefined && fits(value);
    },
  };
}

/** The whole value, without case; never a part of it. */
function compileIs(is: NonNullable<PlainCondition['is']>): (value: string) => boolean {
  if (is === 'any' || is === 'other') return () => true;
  if (is === 'number>0') return isPositive;
  const words = new Set((Array.isArray(is) ? is : [is]).map((word) => String(word).trim().toLowerCase()));
  return (value) => words.has(value.toLowerCase());
}

const isPositive = (value: string): boolean => {
  const number = /^[$€£]?\s*(\d[\d,]*(?:\.\d+)?|\.\d+)$/.exec(value)?.[1]?.replaceAll(',', '');
  return number !== undefined && Number(number) > 0;
};
