import Type from 'typebox';
import Value from 'typebox/value';
import type { Path, Report } from './fault.js';
import { isMap } from './keys.js';
import { nearest } from '../nearest.js';

/**
 * Reports every place where a value differs from its schema, and returns what is right of it (see draft.ts): keys of
 * maps that are wrong are there with the value `undefined`, entries of lists keep their place. A value that is
 * `undefined` was reported before.
 */
export function checkShape(schema: Type.TSchema, value: unknown, path: Path, report: Report): unknown {
  if (value === undefined) return undefined;
  if ('tree' in schema) return checkTree(value, path, report);
  if (Type.IsObject(schema)) return checkMap(schema, value, path, report);
  if (Type.IsArray(schema)) return checkList(schema, value, path, report);
  if (Type.IsRecord(schema) && 'names' in schema) return checkNamed(schema, value, path, report);
  if (Value.Check(schema, value)) return value;
  report(path, wrong(schema, value));
  return undefined;
}

function checkMap(schema: Type.TObject, value: unknown, path: Path, report: Report): unknown {
  const title = option(schema, 'title') ?? 'a map';
  const properties: Record<string, Type.TSchema> = schema.properties;
  const known = Object.keys(properties);
  if (!isMap(value)) {
    report(path, `${show(value)} is not ${title}, which is a map with the keys ${known.join(', ')}`);
    return undefined;
  }
  const given = Object.keys(value);
  if ('minProperties' in schema && given.length === 0) report(path, `names none of ${known.join(', ')}`);
  for (const key of given.filter((key) => !known.includes(key))) {
    const meant = nearest(key, known);
    const hint = meant === undefined ? `the keys are ${known.join(', ')}` : `did you mean ${meant}?`;
    report([...path, key], `${title} has no key ${show(key)}; ${hint}`, 'key');
  }
  const kept = given.filter((key) => !known.includes(key)).map((key): [string, unknown] => [key, undefined]);
  for (const [key, property] of Object.entries(properties)) {
    const at = [...path, key];
    if (Object.hasOwn(value, key)) {
      const removes = value[key] === null && isRemovable(schema, key);
      kept.push([key, removes ? null : checkShape(property, value[key], at, report)]);
    } else if (!Type.IsOptional(property)) {
      report(at, `is missing; ${title} needs it`);
    }
  }
  return Object.fromEntries(kept);
}

/**
 * Maps, lists and values of any names, as a buyer's protocol has them. `null` removes a key of a change, except for
 * `blank: null`, which is a word there.
 */
function checkTree(value: unknown, path: Path, report: Report): unknown {
  if (Array.isArray(value)) return value.map((item: unknown, i) => checkTree(item, [...path, i], report));
  if (value === null && typeof path.at(-1) === 'number') {
    report(path, 'has no value; write one, or remove it');
    return '';
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'blank' && item === null && 'value' in value ? 'null' : checkTree(item, [...path, key], report),
    ]),
  );
}

/** A map whose keys are names that the file chooses. */
function checkNamed(schema: Type.TRecord, value: unknown, path: Path, report: Report): unknown {
  const title = option(schema, 'title') ?? 'a map';
  const { names: form, minProperties, maxProperties } = namedOptions(schema);
  if (!isMap(value)) {
    report(path, `${show(value)} is not ${title}; write each as a name, a colon and what belongs to it`);
    return undefined;
  }
  const names = Object.keys(value);
  if (minProperties !== undefined && names.length === 0)
    report(path, 'is empty; remove it, or name at least one');
  if (maxProperties !== undefined && names.length > maxProperties)
    report(path, `has ${names.length} entries; at most ${maxProperties} are taken`);
  for (const name of names) {
    if (form && !Value.Check(form, name)) report([...path, name], wrong(form, name), 'key');
  }
  const item = Type.RecordValue(schema);
  return Object.fromEntries(
    names.map((name) => {
      const removes = value[name] === null && isRemovable(schema, name);
      return [name, removes ? null : checkShape(item, value[name], [...path, name], report)];
    }),
  );
}

/** Whether a change may remove the key by `null`: one of those listed, or any where the names are free. */
function isRemovable(schema: Type.TSchema, key: string): boolean {
  const removable: unknown = 'removable' in schema ? schema.removable : false;
  return Array.isArray(removable) ? removable.includes(key) : removable === true;
}

function checkList(schema: Type.TArray, value: unknown, path: Path, report: Report): unknown {
  const title = option(schema, 'title') ?? 'a list';
  if (!Array.isArray(value)) {
    report(path, `${show(value)} is not ${title}; write it in [ ], or with a dash before each entry`);
    return undefined;
  }
  const items: unknown[] = value;
  const { minItems, maxItems, uniqueItems } = limits(schema);
  if (minItems !== undefined && items.length < minItems)
    report(path, 'is empty; remove it, or name at least one');
  if (maxItems !== undefined && items.length > maxItems) {
    report(path, `has ${items.length} entries; at most ${maxItems} are taken`);
  }
  const seen = new Set<unknown>();
  for (const [i, item] of items.entries()) {
    if (uniqueItems === true && item !== undefined && seen.has(item))
      report([...path, i], `${show(item)} is in the list twice; remove one`);
    seen.add(item);
  }
  return items.map((item, i) => checkShape(schema.items, item, [...path, i], report));
}

/** `"Mo-Fr 8-20" is not a time range; write it like "Mon-Fri 08:00-20:00"` */
function wrong(schema: Type.TSchema, value: unknown): string {
  const title = option(schema, 'title') ?? 'what belongs here';
  if (value === null) return `has no value; it must be ${title}, like ${example(schema)}`;
  const unquoted = typeof value === 'number' || typeof value === 'boolean';
  if (unquoted && Value.Check(schema, String(value)))
    return `is read as a ${typeof value}; put it in quotes: "${value}"`;
  if (typeof value === 'string' && value.trim() !== '' && Value.Check(schema, Number(value))) {
    return `is a text; write the number without quotes: ${value}`;
  }
  const address = withProtocol(schema, value);
  if (address !== undefined)
    return `${show(value)} begins neither with http:// nor with https://; write it like "${address}"`;
  const meant = meantBy(schema, value);
  const hint = meant === undefined ? `write it like ${example(schema)}` : `did you mean ${meant}?`;
  return `${show(value)} is not ${title}; ${hint}`;
}

/** Of the values that are right, the one that a text was probably meant to be: mistyped, or in other letters. */
function meantBy(schema: Type.TSchema, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 80) return undefined;
  if ('enum' in schema && Array.isArray(schema.enum)) return nearest(value, schema.enum.map(String));
  const text = value.trim();
  return [text, inCaseOf(example(schema), text)].find((candidate) => Value.Check(schema, candidate));
}

/** A text in small letters or in capitals, as the example is; unchanged if that has both. */
function inCaseOf(model: string, text: string): string {
  if (model === model.toLowerCase()) return text.toLowerCase().replace(/[\s_]+/g, '-');
  return model === model.toUpperCase() ? text.toUpperCase() : text;
}

/** An address that would be right if it began as one: `localhost:4502/ping`. */
function withProtocol(schema: Type.TSchema, value: unknown): string | undefined {
  if (typeof value !== 'string' || !example(schema).startsWith('"https://')) return undefined;
  const address = `${/^(localhost|127\.)/.test(value) ? 'http' : 'https'}://${value}`;
  return !value.includes('://') && Value.Check(schema, address) ? address : undefined;
}

/** An example as the file would hold it; texts in quotes, numbers as they are. */
function example(schema: Type.TSchema): string {
  const first: unknown =
    'examples' in schema && Array.isArray(schema.examples) ? schema.examples[0] : undefined;
  return Type.IsString(schema) && typeof first === 'string' && !first.startsWith('"')
    ? `"${first}"`
    : String(first);
}

interface NamedOptions {
  title?: string;
  /** What a name must be. */
  names?: Type.TSchema;
  minProperties?: number;
  maxProperties?: number;
}

export const namedOptions = ({
  title,
  names,
  minProperties,
  maxProperties,
}: Type.TRecord & NamedOptions): NamedOptions => ({ title, names, minProperties, maxProperties });

const limits = (schema: Type.TArray): Type.TArrayOptions => ({ ...schema });

function option(schema: Type.TSchema, name: 'title'): string | undefined {
  return name in schema && typeof schema[name] === 'string' ? schema[name] : undefined;
}

/** A value as the message quotes it; long ones are cut, maps and lists are named. */
function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isMap(value)) return 'a map';
  const text = typeof value === 'number' ? `${value}` : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
