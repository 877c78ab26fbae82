import { RE2JS } from 're2js';
import { parseDate } from './calendar/days.js';
import type { FieldValue } from './fields/reading.js';
import { stateCode } from './fields/state.js';

/**
 * What a contract asks of a lead's fields: a field with one or more rules, which must all hold, or a combination of
 * filters. Texts are compared trimmed and without regard to case. A field that the lead does not have, or has blank,
 * passes `not` and `exists: false` and no other rule.
 */
export interface Filter {
  /** A standard or custom field, as the source writes its name. */
  field?: string;
  equals?: string;
  oneOf?: string[];
  /** None of these. */
  not?: string[];
  startsWith?: string[];
  /** Bounds included: numbers, or dates such as `2026-11-24`. */
  range?: { min?: number | string; max?: number | string };
  /** A regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax) that some part of the value matches. */
  matches?: string;
  exists?: boolean;
  /** Every one of these holds. */
  all?: Filter[];
  /** At least one of these holds. */
  any?: Filter[];
}

/** The fields that filters ask for; one that several ask for is there several times. */
export const fieldsIn = (filters: readonly Filter[] = []): string[] =>
  filters.flatMap(({ field, all, any }) => [
    ...(field === undefined ? [] : [field]),
    ...fieldsIn(all),
    ...fieldsIn(any),
  ]);

/** The lead's fields by name. */
type Fields = Readonly<Record<string, FieldValue>>;

/**
 * A filter made ready to be asked often: undefined where the lead passes, else what it fails, for ops: the field and the
 * rule (`zip fails startsWith`, `age is missing`), never a value, neither of the lead nor of the rule, which may equal it.
 */
export type LeadTest = (fields: Fields) => string | undefined;

/**
 * Filters that must all be passed.
 * @throws Error on a regular expression that is none or is too large; the market file's checks let none pass
 */
export const compileFilters = (filters: readonly Filter[]): LeadTest => every(filters.map(compileFilter));

function compileFilter(filter: Filter): LeadTest {
  const { field, all, any } = filter;
  const tests = field === undefined ? [] : rulesOf(filter, field).map((rule) => fieldTest(field, rule));
  if (all) tests.push(compileFilters(all));
  if (any) tests.push(some(any.map(compileFilter)));
  return tests.length === 1 && tests[0] ? tests[0] : every(tests);
}

/** The first failure counts. */
function every(tests: LeadTest[]): LeadTest {
  return (fields) => {
    for (const test of tests) {
      const failure = test(fields);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
}

function some(tests: LeadTest[]): LeadTest {
  const others = tests.length > 1 ? `, and ${tests.length - 1} more of any` : '';
  return (fields) => {
    let first: string | undefined;
    for (const test of tests) {
      const failure = test(fields);
      if (failure === undefined) return undefined;
      first ??= failure;
    }
    return first === undefined ? 'none of any' : first + others;
  };
}

/** One rule on a field. */
interface Rule {
  name: keyof Filter;
  /** Whether a value, trimmed, is as the rule asks. */
  holds: (value: string) => boolean;
  /** Whether the rule holds if there is none; else it must be there. */
  passesMissing?: boolean;
  /** Of a field with several values: whether each must be as the rule asks; else one is enough. */
  ofEach?: boolean;
}

function fieldTest(field: string, { name, holds, passesMissing = false, ofEach = false }: Rule): LeadTest {
  const [fails, missing] = [`${field} fails ${name}`, `${field} is missing`];
  return (fields) => {
    const values = Object.hasOwn(fields, field) ? [fields[field] ?? []].flat() : [];
    const texts = values.map((value) => value.trim()).filter((value) => value !== '');
    if (texts.length === 0) return passesMissing ? undefined : missing;
    return (ofEach ? texts.every(holds) : texts.some(holds)) ? undefined : fails;
  };
}

function rulesOf(filter: Filter, field: string): Rule[] {
  const { equals, oneOf, not, startsWith, range, matches, exists } = filter;
  const textsOf = (texts: string[]) => new Set(texts.map((text) => comparable(field, text)));
  const rules: Rule[] = [];
  if (equals !== undefined) {
    const [text] = textsOf([equals]);
    rules.push({ name: 'equals', holds: (value) => fold(value) === text });
  }
  if (oneOf) {
    const texts = textsOf(oneOf);
    rules.push({ name: 'oneOf', holds: (value) => texts.has(fold(value)) });
  }
  if (not) {
    const texts = textsOf(not);
    rules.push({ name: 'not', holds: (value) => !texts.has(fold(value)), passesMissing: true, ofEach: true });
  }
  if (startsWith) rules.push({ name: 'startsWith', holds: beginsWith(startsWith) });
  if (range) rules.push({ name: 'range', holds: within(range) });
  if (matches !== undefined) {
    const expression = compileExpression(matches);
    rules.push({ name: 'matches', holds: (value) => expression.test(value) });
  }
  if (exists !== undefined) rules.push({ name: 'exists', holds: () => exists, passesMissing: !exists });
  return rules;
}

const fold = (text: string): string => text.trim().toLowerCase();

/** A rule may name a state as people do; leads carry its code. */
const comparable = (field: string, text: string): string =>
  fold((field === 'state' ? stateCode(text) : undefined) ?? text);

/** As quick with thousands of ZIP codes as with one: beginnings are few lengths. */
function beginsWith(beginnings: string[]): Rule['holds'] {
  const texts = new Set(beginnings.map(fold));
  const lengths = [...new Set([...texts].map((text) => text.length))];
  return (value) => {
    const text = fold(value);
    return lengths.some((length) => texts.has(text.slice(0, length)));
  };
}

function within({ min, max }: NonNullable<Filter['range']>): Rule['holds'] {
  const read = typeof (min ?? max) === 'string' ? readDate : readNumber;
  const least = min === undefined ? -Infinity : read(String(min));
  const most = max === undefined ? Infinity : read(String(max));
  return (text) => {
    const value = read(text);
    return (
      value !== undefined && least !== undefined && most !== undefined && least <= value && value <= most
    );
  };
}

const NUMBER = /^-?\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?$/;

/** `45000`, `45,000`, `$45,000.50`, `-3`, `12%` (12); a text that is no number has none. */
function readNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text.replace(/[$,%]/g, '')) : undefined;
}

/** `2026-11-24`, with or without a time after it, or `11/24/2026`; as wall time (see calendar/zone.ts). */
function readDate(text: string): number | undefined {
  const [, month = '', date = '', year = ''] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text) ?? [];
  if (year !== '') return parseDate(`${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`);
  return parseDate(/^[^T ]*(?=[T ]\d|$)/.exec(text)?.[0] ?? '');
}

/** Instructions of a compiled expression; at this many, the longest value that a lead may have takes 0.1 s at the worst. */
const LARGEST_EXPRESSION = 250;

/**
 * A regular expression without regard to case (`(?-i)` in it regards it). RE2 takes time in proportion to the lengths of
 * expression and value, so that none can hold up an auction, and has no look-around and no back-references.
 * @throws Error where it is none or is too large
 */
export function compileExpression(text: string): RE2JS {
  const expression = RE2JS.compile(text, RE2JS.CASE_INSENSITIVE);
  if (expression.programSize() > LARGEST_EXPRESSION) throw new Error('The regular expression is too large');
  return expression;
}
