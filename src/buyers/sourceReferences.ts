import type { FieldValue } from '../market/fields/reading.js';
import { identityScreen } from './personScreen.js';
import type { LeadOfPerson } from './personTraces.js';

/**
 * The fields with a source's own references of a lead, in their usual spellings. Postbacks return them
 * (docs/source.md), and the seller's tracker books the conversion of a click by them.
 */
const REFERENCES = [
  ...['subId', 'subId2', 'subId3', 'subId4', 'subId5'],
  ...['reference', 'clickId', 'click_id', 'externalId', 'external_id'],
] as const;

/** The source's references of its lead, by the names of their fields; without values that identify the person. */
export function sourceReferences(lead: LeadOfPerson): Record<string, FieldValue> {
  const tellsWho = identityScreen(lead);
  return Object.fromEntries(
    REFERENCES.flatMap((name): [string, FieldValue][] => {
      const value = lead.fields[name];
      return value === undefined || [value].flat().some(tellsWho) ? [] : [[name, value]];
    }),
  );
}
