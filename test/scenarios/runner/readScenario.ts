import Type from 'typebox';
import Value from 'typebox/value';
import { readDocument } from '../../../src/market/file/document.js';
import {
  byPosition,
  faultText,
  pathText,
  type Fault,
  type Path,
  type Report,
} from '../../../src/market/file/fault.js';
import { checkShape } from '../../../src/market/file/shape.js';
import { Scenario } from './schema.js';

/**
 * Parses a scenario file.
 * @throws Error with every fault of the file, each with its line and a remedy
 */
export function readScenario(file: string, text: string): Scenario {
  const document = readDocument(text);
  const faults: Fault[] = [...document.faults];
  if ('value' in document) {
    check(Scenario, document.value, [], (path, message, at) => {
      faults.push({ ...document.locate(path, at), path: pathText(path), message });
    });
    if (faults.length === 0 && Value.Check(Scenario, document.value)) {
      const { value: scenario, locate } = document;
      return { ...scenario, page: { file, locate, scenario } };
    }
  }
  throw new Error(
    faults
      .sort(byPosition)
      .map((fault) => faultText(file, fault))
      .join('\n'),
  );
}

/** The market file’s shape check, extended by records keyed by id and by unions. */
function check(schema: Type.TSchema, value: unknown, path: Path, report: Report): void {
  const form = Type.IsUnion(schema) ? schema.anyOf.find((one) => isOfKind(one, value)) : undefined;
  if (form) {
    check(form, value, path, report);
  } else if (Type.IsRecord(schema) && isMap(value)) {
    checkKeys(schema, value, path, report);
    for (const key of Object.keys(value)) check(Type.RecordValue(schema), value[key], [...path, key], report);
  } else if (Type.IsObject(schema) && isMap(value)) {
    checkShape(keysOf(schema), value, path, report);
    for (const [key, property] of Object.entries<Type.TSchema>(schema.properties))
      if (Object.hasOwn(value, key)) check(property, value[key], [...path, key], report);
  } else if (Type.IsArray(schema) && Array.isArray(value)) {
    checkShape(Type.Array(Type.Unknown(), optionsOf(schema)), value, path, report);
    for (const [i, item] of value.entries()) check(schema.items, item, [...path, i], report);
  } else {
    checkShape(schema, value, path, report);
  }
}

/** The keys of a map, without a check of their values. */
function keysOf(schema: Type.TObject): Type.TObject {
  const keys = Object.entries<Type.TSchema>(schema.properties).map(([key, property]) => {
    return [key, Type.IsOptional(property) ? Type.Optional(Type.Unknown()) : Type.Unknown()] as const;
  });
  return Type.Object(Object.fromEntries(keys), { title: optionsOf(schema).title ?? 'a map' });
}

function checkKeys(schema: Type.TRecord, value: object, path: Path, report: Report): void {
  const { title = 'a map', keys = '' } = optionsOf(schema);
  for (const key of Object.keys(value)) {
    if (!new RegExp(keys).test(key)) report([...path, key], `"${key}" is no key of ${title}`, 'key');
  }
}

const optionsOf = (schema: Type.TSchema): { title?: string; keys?: string; minItems?: number } => ({
  ...schema,
});

function isOfKind(schema: Type.TSchema, value: unknown): boolean {
  if (Array.isArray(value)) return Type.IsArray(schema);
  if (isMap(value)) return Type.IsObject(schema) || Type.IsRecord(schema);
  return Value.Check(schema, value);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
