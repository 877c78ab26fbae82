import { readableFields, standardField, textOf, type LeadFields } from './standardFields.js';
import { declarationOf, type FieldDeclarations } from './declaration.js';
import type { FieldValue } from './reading.js';
import { zip5 } from './zip.js';
import { FULL_NAME, meanings } from './aliases.js';

const NAMING = new Set(['firstName', 'lastName', FULL_NAME, 'phone', 'phoneExtension', 'email']);
const usualMeaning = meanings({});

/** Whether a field identifies the person, by its own name or by an alias. */
export function namesPerson(field: string, declared: FieldDeclarations | undefined): boolean {
  if (declarationOf(declared, field) !== undefined) return false;
  return NAMING.has(standardField(field) ? field : (usualMeaning(field)?.field ?? ''));
}

interface Asking {
  /** The fields that the contract asks for. */
  names?: readonly string[];
  declared?: FieldDeclarations;
}

/**
 * The fields of a lead in a ping: where the person lives, at most to five digits of ZIP, and the fields that the
 * contract asks for. Values that could not be read are left out: they may be anything, even a name.
 */
export function pingedFields(
  lead: Pick<LeadFields, 'fields' | 'unread'>,
  { names = [], declared }: Asking,
): { zip?: string; city?: string; fields: Record<string, FieldValue> } {
  const readable = readableFields(lead);
  const zip = textOf(readable, 'zip');
  const asked = names.filter((name) => !namesPerson(name, declared));
  return {
    zip: zip === undefined ? undefined : (zip5(zip) ?? zip),
    city: textOf(readable, 'city'),
    fields: Object.fromEntries(
      asked.flatMap((name) => {
        const value = Object.hasOwn(readable, name) ? readable[name] : undefined;
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}
