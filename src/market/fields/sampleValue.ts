import type { FieldDeclaration, FieldType } from './declaration.js';
import type { FieldValue } from './reading.js';

/** Values of the types, as sources send them. */
const SAMPLES: Record<Exclude<FieldType, 'enum'>, FieldValue> = {
  boolean: 'yes',
  number: '1',
  money: '45000',
  range: '1',
  date: '2026-01-31',
  birthDate: '1980-01-31',
  list: ['sample'],
};

/** A value that the field could have; a custom field without declaration is a text. */
export const sampleValue = (declared: FieldDeclaration | undefined): FieldValue => {
  if (declared === undefined) return 'sample';
  return declared.type === 'enum' ? (declared.values?.[0]?.value ?? 'sample') : SAMPLES[declared.type];
};
