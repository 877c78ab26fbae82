import type { FieldValue } from '../market/fields/reading.js';
import { identityScreen } from './personScreen.js';
import type { LeadOfPerson } from './personTraces.js';

/**
 * The fields by which a source knows its own lead again, as it may have named them. They come back in postbacks
 * (docs/source.md): the seller's tracker books the conversion of a click by them.
 */
const REFERENCES = [
  ...['subId', 'subId2', 'subId3', 'subId4', 'subId5'],
  ...['reference', 'clickId', 'click_id', 'externalId', 'external_id'],
] as const;

/** What the source called its lead, by the names that it used; nothing that tells who the person is. */
export function sourceReferences(lead: LeadOfPerson): Record<string, FieldValue> {
  const tellsWho = identityScreen(lead);
  return Object.fromEntries(
    REFERENCES.flatMap((name): [string, FieldValue][] => {
      const value = lead.fields[name];
      return value === undefined || [value].flat().some(tellsWho) ? [] : [[name, value]];
    }),
  );
}
