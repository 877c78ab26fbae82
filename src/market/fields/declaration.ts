import type { DateHints } from './date.js';

/** The types that a campaign can declare a custom field to have; docs/market-file.md describes what each reads. */
export const FIELD_TYPES = [
  'boolean',
  'number',
  'money',
  'range',
  'date',
  'birthDate',
  'list',
  'enum',
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/** One of an enum's values, and what sources write for it. */
export interface EnumValue {
  value: string;
  labels: string[];
}

/** What a campaign says about one of its custom fields. */
export interface FieldDeclaration extends DateHints {
  type: FieldType;
  /** The field's name for people. */
  label?: string;
  /** Of an enum. */
  values?: EnumValue[];
}

/** A campaign's declared fields, by name. */
export type FieldDeclarations = Readonly<Record<string, FieldDeclaration>>;

/** The declaration of a field; undefined if the campaign does not declare it. */
export const declarationOf = (
  declarations: FieldDeclarations | undefined,
  field: string,
): FieldDeclaration | undefined =>
  declarations !== undefined && Object.hasOwn(declarations, field) ? declarations[field] : undefined;
