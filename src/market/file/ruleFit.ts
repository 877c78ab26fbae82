import { parseDate } from '../calendar/days.js';
import { FIELDS } from '../fields/standardFields.js';
import { declarationOf, FIELD_TYPES, type FieldDeclaration, type FieldType } from '../fields/declaration.js';
import { foldLabel } from '../fields/choices.js';
import { readTyped } from '../fields/readTyped.js';
import type { RuleName } from '../filters/filters.js';
import type { Draft } from './draft.js';
import type { Path, Report } from './fault.js';
import type { Declared } from './fieldValues.js';
import type { FilterInFile } from './filterSchema.js';
import { nearest } from '../nearest.js';

type FilterDraft = Draft<FilterInFile> & { field: string };

const ALL_TYPES = FIELD_TYPES;
const NUMBERS: readonly FieldType[] = ['number', 'money', 'range'];
const DATES: readonly FieldType[] = ['date', 'birthDate'];
const TEXTS: readonly FieldType[] = [...DATES, 'list', 'enum'];

/** The types of declared fields for which each rule makes sense, in the order in which messages list the rules. */
const TYPES_OF: Readonly<Record<RuleName, readonly FieldType[]>> = {
  includes: ['list'],
  equals: ALL_TYPES,
  oneOf: ALL_TYPES,
  not: ALL_TYPES,
  range: [...NUMBERS, ...DATES],
  age: ['birthDate'],
  startsWith: TEXTS,
  matches: TEXTS,
  areaCode: [],
  exists: ALL_TYPES,
};

const RULES = Object.keys(TYPES_OF) as RuleName[];

/** The draft of a filter may have keys that are not rules. */
const fits = (rule: RuleName, type: FieldType): boolean =>
  Object.hasOwn(TYPES_OF, rule) && TYPES_OF[rule].includes(type);

const EXAMPLES: Readonly<Record<Exclude<FieldType, 'list' | 'enum'>, string>> = {
  boolean: '"yes"',
  number: '45000',
  money: '12.50',
  range: '"700-749"',
  date: '"2026-11-24"',
  birthDate: '"1985-03-07"',
};

/** Reports rules that make no sense for the field of a filter, by what the campaign declares of it. */
export function checkFit(filter: FilterDraft, declared: Declared, path: Path, report: Report): void {
  const { field } = filter;
  if (declared.faulty.has(field)) return;
  const declaration = declarationOf(declared.fields, field);
  if (declaration) {
    const { type } = declaration;
    const fitting = RULES.filter((rule) => fits(rule, type));
    for (const rule of rulesIn(filter).filter((rule) => !fits(rule, type))) {
      report([...path, rule], `is not a rule for a field of type ${type}; use ${fitting.join(', ')}`, 'key');
    }
    checkBoundsFit(filter, declaration, path, report);
  } else checkUndeclared(filter, path, report);
  for (const [at, written] of compared(filter)) {
    const message = declaration ? misread(written, declaration, field, declared.currency) : unquoted(written);
    if (message !== undefined) report([...path, ...at], message);
  }
}

const rulesIn = (filter: FilterDraft): RuleName[] =>
  Object.keys(filter).filter((key): key is RuleName => key !== 'field' && key !== 'all' && key !== 'any');

function checkUndeclared({ field, ...filter }: FilterDraft, path: Path, report: Report): void {
  const isStandard = Object.hasOwn(FIELDS, field);
  if ('areaCode' in filter && field !== 'phone')
    report([...path, 'areaCode'], 'is a rule for the phone; write field: phone', 'key');
  if ('age' in filter && isStandard)
    report(
      [...path, 'age'],
      `is a rule for dates of birth, and ${field} is not one; name a field of type birthDate`,
      'key',
    );
  if ('includes' in filter && isStandard)
    report([...path, 'includes'], `is a rule for lists, and ${field} has one value; write oneOf`, 'key');
}

function checkBoundsFit(
  { range }: FilterDraft,
  { type }: FieldDeclaration,
  path: Path,
  report: Report,
): void {
  if (range === undefined || !fits('range', type)) return;
  const isDate = type === 'date' || type === 'birthDate';
  for (const [key, bound] of Object.entries<string | number | undefined>(range)) {
    if (bound === undefined || (typeof bound === 'string') === isDate) continue;
    const example = isDate ? 'a date, like "2026-11-24"' : 'a number, like 640';
    const hint = type === 'birthDate' ? ', or an age by the rule age' : '';
    report([...path, 'range', key], `bounds a field of type ${type}; write ${example}${hint}`);
  }
}

type Written = string | number | boolean;

/** The values that a filter compares with, each with its place. */
const compared = ({ equals, oneOf = [], not = [] }: FilterDraft): [Path, Written][] =>
  [
    ...(equals === undefined ? [] : [[['equals'], equals] as [Path, Written]]),
    ...oneOf.map((value, i): [Path, Written | undefined] => [['oneOf', i], value]),
    ...not.map((value, i): [Path, Written | undefined] => [['not', i], value]),
  ].filter((one): one is [Path, Written] => one[1] !== undefined);

/** The problem of a text that is compared with a declared field. */
function misread(
  written: Written,
  declaration: FieldDeclaration,
  field: string,
  currency: string,
): string | undefined {
  const { type } = declaration;
  const isDate = type === 'date' || type === 'birthDate';
  const isRead = isDate
    ? parseDate(String(written)) !== undefined
    : readTyped(declaration, String(written), { currency, now: 0 }).value !== undefined;
  if (type === 'enum') return isRead ? unquoted(written) : unknownValue(String(written), declaration, field);
  if (type === 'list') return unquoted(written);
  return isRead ? undefined : `"${written}" can't be read as ${type}; write it like ${EXAMPLES[type]}`;
}

function unknownValue(text: string, { values = [] }: FieldDeclaration, field: string): string {
  const labels = new Map(
    values.flatMap(({ value, labels }) => [value, ...labels].map((label) => [foldLabel(label), value])),
  );
  const meant = labels.get(nearest(foldLabel(text), [...labels.keys()]) ?? '');
  const names = values.map(({ value }) => value);
  const listed = names.length > 10 ? `${names.slice(0, 10).join(', ')}, …` : names.join(', ');
  const hint = meant === undefined ? `its values are ${listed}` : `did you mean ${meant}?`;
  return `"${text}" is not a value of ${field}; ${hint}`;
}

const unquoted = (written: Written): string | undefined =>
  typeof written === 'string' ? undefined : `is read as a ${typeof written}; put it in quotes: "${written}"`;
