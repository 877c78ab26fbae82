import { parseDate } from '../calendar/days.js';
import {
  AREA_CODE_FIELD,
  type BoundKind,
  type Comparable,
  type Comparison,
  type Comparisons,
  type Fields,
} from './comparisons.js';
import { compileExpression } from './expression.js';

/**
 * What a contract asks of a lead's fields: a field with one or more rules, which must all hold, or a combination of
 * filters. Texts are compared trimmed and without regard to case, and as what the campaign declares their field to be. A
 * field that the lead does not have, has blank or has unreadable passes `not` and `exists: false` and no other rule. Of a
 * field with several values, a rule holds if it holds for one of them, and `not` if it holds for each.
 */
export interface Filter {
  /** A standard or custom field, as the source writes its name. */
  field?: string;
  equals?: string;
  oneOf?: string[];
  not?: string[];
  /** At least one of these is in the list. */
  includes?: string[];
  startsWith?: string[];
  /** Of the phone. */
  areaCode?: string[];
  /** Bounds included: numbers, or dates such as `2026-11-24`. A range must lie within it as a whole. */
  range?: { min?: number | string; max?: number | string };
  /** Of a date of birth: whole years on the day of the round, bounds included. */
  age?: { min?: number; max?: number };
  /** A regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax) that some part of the value matches. */
  matches?: string;
  exists?: boolean;
  all?: Filter[];
  any?: Filter[];
}

/**
 * A compiled filter: undefined if the lead passes, else the reason for ops: the field and the rule (`zip does not
 * begin as 'startsWith' says`, `age is missing`). It never contains a value of the lead, nor of the rule, which may
 * equal it. The exception is a state's code, which a lead's reasons contain elsewhere too.
 * @param now UTC ms
 */
export type LeadTest = (fields: Fields, now: number) => string | undefined;

export interface FilterContext {
  comparisons: Comparisons;
  /** The time zone that decides birthdays (IANA). */
  timezone: string;
}

/**
 * Filters that must all be passed.
 * @throws Error on a regular expression that is invalid or too large; the market file's checks prevent that
 */
export const compileFilters = (filters: readonly Filter[], context: FilterContext): LeadTest =>
  every(filters.map((filter) => compileFilter(filter, context)));

function compileFilter(filter: Filter, context: FilterContext): LeadTest {
  const { field, all, any } = filter;
  const tests =
    field === undefined ? [] : rulesOf(filter, field, context).map((rule) => fieldTest(field, rule, context));
  if (all) tests.push(compileFilters(all, context));
  if (any) tests.push(some(any.map((one) => compileFilter(one, context))));
  return tests.length === 1 && tests[0] ? tests[0] : every(tests);
}

/** The first failure counts. */
function every(tests: LeadTest[]): LeadTest {
  return (fields, now) => {
    for (const test of tests) {
      const failure = test(fields, now);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
}

function some(tests: LeadTest[]): LeadTest {
  const why = tests.length > 1 ? "no filter of 'any' holds, the first because " : '';
  return (fields, now) => {
    let first: string | undefined;
    for (const test of tests) {
      const failure = test(fields, now);
      if (failure === undefined) return undefined;
      first ??= failure;
    }
    return first === undefined ? "'any' is empty" : why + first;
  };
}

export type RuleName = Exclude<keyof Filter, 'field' | 'all' | 'any'>;

interface Rule {
  /** What a value that fails the rule is, with the rule's name. */
  fails: string;
  holds: (value: Comparable) => boolean;
  /** Whether the rule holds if the field is missing. */
  passesMissing?: boolean;
}

interface RuleContext {
  /** Of the field. */
  comparison: Comparison;
  timezone: string;
}

type CompileRule<Name extends RuleName> = (wanted: NonNullable<Filter[Name]>, context: RuleContext) => Rule;

const RULES: { [Name in RuleName]: CompileRule<Name> } = {
  equals: (text, { comparison }) => ({
    fails: "is not what 'equals' names",
    holds: isOneOf([text], comparison),
  }),
  oneOf: (texts, { comparison }) => ({ fails: "is not one of 'oneOf'", holds: isOneOf(texts, comparison) }),
  not: (texts, { comparison }) => {
    const isExcluded = isOneOf(texts, comparison);
    return { fails: "is excluded by 'not'", holds: (value) => !isExcluded(value), passesMissing: true };
  },
  includes: (texts, { comparison }) => ({
    fails: "has none of 'includes'",
    holds: isOneOf(texts, comparison),
  }),
  startsWith: (texts, { comparison }) => ({
    fails: "does not begin as 'startsWith' says",
    holds: beginsWith(texts, comparison),
  }),
  areaCode: (codes, { comparison }) => ({
    fails: "has none of the area codes in 'areaCode'",
    holds: beginsWith(codes, comparison),
  }),
  range: (range) => ({ fails: "is outside 'range'", holds: isWithin(range) }),
  age: (age, { timezone }) => ({ fails: "is outside 'age'", holds: isAged(age, timezone) }),
  matches: (text) => {
    const expression = compileExpression(text);
    return {
      fails: "does not match the expression in 'matches'",
      holds: ({ texts }) => expression(texts),
    };
  },
  exists: (exists) => ({
    fails: "must be absent by 'exists'",
    holds: () => exists,
    passesMissing: !exists,
  }),
};

const RULE_NAMES = Object.keys(RULES) as RuleName[];

function fieldTest(
  field: string,
  { fails, holds, passesMissing = false }: Rule,
  { comparisons }: FilterContext,
): LeadTest {
  const [failure, missing] = [`${field} ${fails}`, `${field} is missing`];
  return (fields, now) => {
    const value = comparisons.read(fields, field, now);
    if (value === undefined) return passesMissing ? undefined : missing;
    if (holds(value)) return undefined;
    return field === 'state' ? `state ${stateIn(value)} ${fails}` : failure;
  };
}

/** A state is always read as its code. */
const stateIn = ({ texts: [code = ''] }: Comparable): string => code;

const rulesOf = (filter: Filter, field: string, { comparisons, timezone }: FilterContext): Rule[] =>
  RULE_NAMES.flatMap(
    (name) => compileRule(name, filter[name], { comparison: comparisons.of(field), timezone }) ?? [],
  );

function compileRule<Name extends RuleName>(
  name: Name,
  wanted: Filter[Name],
  context: RuleContext,
): Rule | undefined {
  return wanted === undefined ? undefined : RULES[name](wanted, context);
}

function isOneOf(texts: readonly string[], comparison: Comparison): Rule['holds'] {
  const wanted = new Set(texts.map((text) => comparison.keyOf(text)));
  return ({ keys }) => keys.some((key) => wanted.has(key));
}

/** As quick with thousands of ZIP codes as with one: beginnings have few lengths. */
function beginsWith(texts: readonly string[], comparison: Comparison): Rule['holds'] {
  const wanted = new Set(texts.map((text) => comparison.beginningOf(text)));
  const lengths = [...new Set([...wanted].map((text) => text.length))];
  return ({ beginnings }) =>
    beginnings.some((text) => lengths.some((length) => wanted.has(text.slice(0, length))));
}

function isWithin({ min, max }: NonNullable<Filter['range']>): Rule['holds'] {
  const kind: BoundKind = typeof (min ?? max) === 'string' ? 'date' : 'number';
  const [least, most] = [min, max].map((bound) =>
    typeof bound === 'string' ? (parseDate(bound) ?? NaN) : bound,
  );
  return ({ bounds }) =>
    bounds(kind).some(
      (value) =>
        (least === undefined || (value.min !== undefined && value.min >= least)) &&
        (most === undefined || (value.max !== undefined && value.max <= most)),
    );
}

/** A person born on 29 February is a year older on 1 March of other years. */
function isAged({ min = 0, max = Infinity }: NonNullable<Filter['age']>, timezone: string): Rule['holds'] {
  return ({ ages }) => ages(timezone).some((age) => min <= age && age <= max);
}

/** The fields that filters use, with repetitions. */
export const fieldsIn = (filters: readonly Filter[] = []): string[] =>
  filters.flatMap(({ field, all, any }) => [
    ...(field === undefined ? [] : [field]),
    ...(field === AREA_CODE_FIELD ? ['phone'] : []),
    ...fieldsIn(all),
    ...fieldsIn(any),
  ]);
