import Type from 'typebox';
import { FIELDS } from '../fields/standardFields.js';
import { DATE_ORDERS, EPOCH_UNITS } from '../fields/date.js';
import {
  FIELD_TYPES,
  type FieldDeclaration,
  type FieldDeclarations,
  type FieldType,
} from '../fields/declaration.js';
import { foldLabel } from '../fields/choices.js';
import type { Draft } from './draft.js';
import type { Path, Report } from './fault.js';
import { FieldName, line, Name, named, oneOf, TimeZone } from './values.js';

const optional = Type.Optional;

const Labels = Type.Array(line('a label', 'Asphalt shingle', 200), {
  title: 'a list of labels',
  maxItems: 200,
});

const DeclarationInFile = Type.Object(
  {
    type: oneOf('a type', FIELD_TYPES, 'boolean'),
    label: optional(Name),
    order: optional(oneOf('a date order', DATE_ORDERS, 'dmy')),
    unit: optional(oneOf('a time unit', EPOCH_UNITS, 'ms')),
    zone: optional(TimeZone),
    format: optional(oneOf('a date format', ['excel'], 'excel')),
    values: optional(
      named(Labels, {
        title: 'a map of values to labels',
        names: line('a value', 'asphalt', 100),
        most: 1000,
      }),
    ),
  },
  { title: 'a field’s declaration' },
);

/** A campaign's declared fields as written; `checkFields` checks the relations between values. */
export const FieldsInFile = named(DeclarationInFile, {
  title: 'a map of fields',
  names: FieldName,
  most: 100,
});

export type FieldsInFile = Type.Static<typeof FieldsInFile>;
type DeclarationInFile = FieldsInFile[string];

const DATE_HINTS = ['order', 'unit', 'zone', 'format'] as const;

/** Reports faults between the values of declarations, each of which has the right shape. */
export function checkFields(fields: Draft<FieldsInFile>, path: Path, report: Report): void {
  for (const [name, declaration] of Object.entries(fields)) {
    const at = [...path, name];
    if (Object.hasOwn(FIELDS, name)) {
      report(
        at,
        'is a standard field, which is always read as what it is; declare custom fields only',
        'key',
      );
    } else if (declaration) checkDeclaration(declaration, at, report);
  }
}

function checkDeclaration(declaration: Draft<DeclarationInFile>, path: Path, report: Report): void {
  const { type, values } = declaration;
  const isDate = type === 'date' || type === 'birthDate';
  if (isDate) checkDateHints(declaration, path, report);
  for (const hint of type === undefined || isDate ? [] : DATE_HINTS) {
    if (hint in declaration) report([...path, hint], 'is for dates; remove it, or write type: date', 'key');
  }
  if (type === 'enum' && !('values' in declaration))
    report([...path, 'values'], 'is missing; an enum lists its values, like values: { tile: [] }');
  if (type !== undefined && type !== 'enum' && 'values' in declaration)
    report([...path, 'values'], 'is for enums; remove it, or write type: enum', 'key');
  checkLabels(values ?? {}, [...path, 'values'], report);
}

function checkDateHints(declaration: Draft<DeclarationInFile>, path: Path, report: Report): void {
  if ('format' in declaration && 'unit' in declaration)
    report([...path, 'format'], 'and unit are two meanings of a number; keep one of them', 'key');
  else if ('zone' in declaration && !('unit' in declaration))
    report([...path, 'zone'], 'says whose day a time since 1970 is; write the unit too, or remove it', 'key');
}

/** A text that a source sends may mean one value only. */
function checkLabels(values: Draft<NonNullable<DeclarationInFile['values']>>, path: Path, report: Report) {
  const meaning = new Map<string, string>();
  for (const value of Object.keys(values)) {
    const before = meaning.get(foldLabel(value));
    if (before !== undefined) report([...path, value], `means the same as "${before}"; keep one`, 'key');
    else meaning.set(foldLabel(value), value);
  }
  for (const [value, labels = []] of Object.entries(values)) {
    for (const [i, label] of labels.entries()) {
      if (label === undefined) continue;
      const before = meaning.get(foldLabel(label));
      if (before !== undefined && before !== value)
        report([...path, value, i], `"${label}" means "${before}" already; keep it in one place`);
      else meaning.set(foldLabel(label), value);
    }
  }
}

/** A campaign's declarations, and the fields with a faulty declaration, whose rules can't be checked. */
export interface Declared {
  fields: FieldDeclarations;
  faulty: ReadonlySet<string>;
  currency: string;
}

/** The readable declarations of a draft. */
export function declaredIn(fields: Draft<FieldsInFile> | undefined, currency: string): Declared {
  const entries = Object.entries(fields ?? {});
  const known = entries.flatMap(([name, declaration]): [string, FieldDeclaration][] => {
    if (declaration?.type === undefined) return [];
    return [[name, declarationOf({ ...declaration, type: declaration.type })]];
  });
  return {
    fields: Object.fromEntries(known),
    faulty: new Set(entries.flatMap(([name, declaration]) => (declaration?.type === undefined ? name : []))),
    currency,
  };
}

type DeclarationDraft = Draft<DeclarationInFile> & { type: FieldType };

function declarationOf({ values, ...declaration }: DeclarationDraft): FieldDeclaration {
  if (values === undefined) return declaration;
  const listed = Object.entries(values).map(([value, labels = []]) => ({
    value,
    labels: labels.filter((label) => label !== undefined),
  }));
  return { ...declaration, values: listed };
}

/** The declarations of a file without faults. */
export const buildFields = (fields: FieldsInFile): FieldDeclarations =>
  Object.fromEntries(Object.entries(fields).map(([name, declaration]) => [name, declarationOf(declaration)]));

/** Declarations as the file writes them. */
export const fieldsInFile = (fields: FieldDeclarations): FieldsInFile =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { values, ...declaration }]) => [
      name,
      {
        ...declaration,
        values: values && Object.fromEntries(values.map(({ value, labels }) => [value, labels])),
      },
    ]),
  );
