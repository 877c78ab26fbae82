import Type from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

/**
 * The parts of a value with the right shape: keys may be missing, and list entries keep their place. Checks across
 * several values run on a draft, so that one wrong value does not hide other faults.
 */
export type Draft<T> = T extends readonly (infer Item)[]
  ? (Draft<Item> | undefined)[]
  : T extends object
    ? { [Key in keyof T]?: Draft<T[Key]> | undefined }
    : T;

/** Whether the existing parts match the schema. */
export function isDraft<T extends Type.TSchema>(schema: T, value: unknown): value is Draft<Type.Static<T>> {
  const check = compiled.get(schema) ?? Compile(draftOf(schema));
  compiled.set(schema, check);
  return check.Check(value);
}

/** The same as `Value.Check`, but fast enough for a market of ten thousand contracts. */
export function isOf<T extends Type.TSchema>(schema: T, value: unknown): value is Type.Static<T> {
  const check = whole.get(schema) ?? Compile(schema);
  whole.set(schema, check);
  return check.Check(value);
}

/** Compiled once for each schema, because the market's schema is large. */
const compiled = new WeakMap<Type.TSchema, Validator>();
const whole = new WeakMap<Type.TSchema, Validator>();

function draftOf(schema: Type.TSchema): Type.TSchema {
  if (Type.IsArray(schema)) return Type.Array(Type.Union([draftOf(schema.items), Type.Undefined()]));
  if (Type.IsRecord(schema))
    return Type.Record(Type.String(), Type.Union([draftOf(Type.RecordValue(schema)), Type.Undefined()]));
  if (!Type.IsObject(schema)) return schema;
  const properties = Object.entries<Type.TSchema>(schema.properties);
  return Type.Object(
    Object.fromEntries(properties.map(([key, property]) => [key, Type.Optional(draftOf(property))])),
  );
}
