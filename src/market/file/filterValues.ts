import Type from 'typebox';
import { parseDate } from '../calendar/days.js';
import { compileExpression } from '../filters.js';
import type { Draft } from './draft.js';
import type { Path, Report } from './fault.js';
import { FieldName } from './values.js';

/** A text that is not blank. */
const Text = Type.Refine(
  Type.String({
    title: 'a text of 1 to 2000 characters',
    examples: ['Toyota'],
    minLength: 1,
    maxLength: 2000,
  }),
  (value) => value.trim() !== '',
);

const texts = (title: string) =>
  Type.Array(Text, { title, minItems: 1, maxItems: 50_000, uniqueItems: true });

const isExpression = (text: string): boolean => {
  try {
    compileExpression(text);
    return true;
  } catch {
    return false;
  }
};

const Expression = Type.Refine(
  Type.String({
    title:
      'a regular expression (RE2’s syntax: no look-around, no back-references, not more than about 200 steps)',
    examples: ['^(toyota|honda)'],
    minLength: 1,
    maxLength: 1000,
  }),
  isExpression,
);

const Bound = Type.Union(
  [
    Type.Number({ minimum: -1e15, maximum: 1e15 }),
    Type.Refine(Type.String(), (text) => parseDate(text) !== undefined),
  ],
  { title: 'a number or a date', examples: ['18', '"2026-11-24"'] },
);

const optional = Type.Optional;

const rules = {
  field: optional(FieldName),
  equals: optional(Text),
  oneOf: optional(texts('a list of texts')),
  not: optional(texts('a list of texts')),
  startsWith: optional(texts('a list of beginnings')),
  range: optional(
    Type.Object({ min: optional(Bound), max: optional(Bound) }, { title: 'a range', minProperties: 1 }),
  ),
  matches: optional(Expression),
  exists: optional(Type.Boolean({ title: 'true or false', examples: ['true'] })),
};

/** Filters in filters, of which all or any must hold. */
function combining<Inner extends Type.TSchema>(inner: Inner) {
  const filters = Type.Array(inner, { title: 'a list of filters', minItems: 1, maxItems: 100 });
  return { ...rules, all: optional(filters), any: optional(filters) };
}

/** Two levels are enough to say anything: any of several filters, each of which is all of several. */
const Innermost = Type.Object(rules, { title: 'a filter in a filter in a filter' });
const Inner = Type.Object(combining(Innermost), { title: 'a filter in a filter' });

/** A filter as written: a field with rules, or `all` or `any` with a list of filters; `checkFilter` checks which. */
export const FilterInFile = Type.Object(combining(Inner), { title: 'a filter' });

export type FilterInFile = Type.Static<typeof FilterInFile>;

const RULES = Object.keys(rules).filter((key) => key !== 'field');

/** Reports what is wrong between the values of a filter and of those in it, each of which has the right shape. */
export function checkFilter(filter: Draft<FilterInFile>, path: Path, report: Report): void {
  const hasRule = RULES.some((key) => key in filter);
  const combines = 'all' in filter || 'any' in filter;
  if ('field' in filter || hasRule) {
    if (combines) report(path, 'has a field and a list of filters; make the field a filter of the list');
    else if (!('field' in filter)) report(path, 'names no field that its rule is for; add field');
    else if (!hasRule) report(path, `has no rule for its field; add one of ${RULES.join(', ')}`);
  } else if (!combines) {
    report(path, 'is empty; write a field and a rule for it, or all or any with a list of filters');
  }
  if (filter.range) checkRange(filter.range, [...path, 'range'], report);
  for (const list of ['all', 'any'] as const) {
    filter[list]?.forEach((inner, i) => {
      if (inner) checkFilter(inner, [...path, list, i], report);
    });
  }
}

function checkRange(
  { min, max }: Draft<NonNullable<FilterInFile['range']>>,
  path: Path,
  report: Report,
): void {
  if (min === undefined || max === undefined) return;
  if (typeof min !== typeof max) report(path, 'goes from a number to a date, or back; write two of a kind');
  else if (min > max) report(path, `goes from ${min} down to ${max}; swap them`);
}
