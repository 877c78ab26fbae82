import Type from 'typebox';
import { parseDate } from '../calendar/days.js';
import { compileExpression } from '../filters/expression.js';
import type { RuleName } from '../filters/filters.js';
import { FieldName, matching, text } from './values.js';

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

/**
 * A value to compare with. YAML numbers and booleans are accepted for fields that are declared as such (`checkFit`).
 * For other fields they are a mistake, because YAML drops the zeros of a ZIP code.
 */
const Comparable = Type.Union([Text, Type.Boolean(), Type.Number({ minimum: -1e15, maximum: 1e15 })], {
  title: 'a text of 1 to 2000 characters',
  examples: ['"Toyota"'],
});

const several = <T extends Type.TSchema>(item: T, title: string) =>
  Type.Array(item, { title, minItems: 1, maxItems: 50_000, uniqueItems: true });

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

const Years = Type.Integer({
  title: 'an age in years (a whole number from 0 to 150)',
  examples: ['25'],
  minimum: 0,
  maximum: 150,
});

const AreaCode = text('an area code (3 digits, the first from 2 to 9)', '214', matching(/^[2-9]\d\d$/));

const optional = Type.Optional;

/** The keys of a filter: its field, and each of its rules. */
export const rules = {
  field: optional(FieldName),
  equals: optional(Comparable),
  oneOf: optional(several(Comparable, 'a list of texts')),
  not: optional(several(Comparable, 'a list of texts')),
  includes: optional(several(Text, 'a list of texts')),
  startsWith: optional(several(Text, 'a list of prefixes')),
  areaCode: optional(several(AreaCode, 'a list of area codes')),
  range: optional(
    Type.Object({ min: optional(Bound), max: optional(Bound) }, { title: 'a range', minProperties: 1 }),
  ),
  age: optional(
    Type.Object(
      { min: optional(Years), max: optional(Years) },
      { title: 'a range of ages', minProperties: 1 },
    ),
  ),
  matches: optional(Expression),
  exists: optional(Type.Boolean({ title: 'true or false', examples: ['true'] })),
} satisfies Record<'field' | RuleName, Type.TSchema>;

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
