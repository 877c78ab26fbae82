import { FULL_NAME, type Meanings } from '../fields/aliases.js';
import { foldedName } from '../fields/fieldNames.js';
import { standardField } from '../fields/standardFields.js';
import { cleanText } from '../fields/text.js';
import { textsOf } from './documentText.js';
import { isMap } from './path.js';

/** A standard field that a document has under one of its usual names. */
export interface UsualField {
  field: string;
  /** As sent. */
  name: string;
  text: string;
}

/** Maps that have fields of the person: a form's answers, a contact, an address. */
const GROUP =
  /^(?:lead|contact|customer|person|applicant|user|form|fields?|formfields|inputfields|data|names|payload|answers|submission|values|properties|details|location|.*address\d*|(?:contact|personal|your)(?:info|information|details))$/;

/** The `name` in them may be a form's or an account's. */
const NAMES_ITSELF = /^(?:form|user)$/;

const DEEPEST = 4;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The standard fields that a map has under their usual names or in labels, the likeliest first; those of an inner map
 * come after the map's own. Blank ones are left out.
 */
export function usualFields(map: Fields, meaningOf: Meanings, depth = 1): UsualField[] {
  const own: (UsualField & { rank: number })[] = [];
  const inner: UsualField[] = [];
  const entries = Object.entries(map);
  for (const [name, value] of entries) {
    const meaning = standardField(name) === undefined ? meaningOf(name) : { field: name, rank: 0 };
    const isInner = isMap(value) && depth < DEEPEST;
    const group = isInner ? groupNamed(name) : '';
    const isGroup = meaning?.field === FULL_NAME || entries.length === 1 || GROUP.test(group);
    const within = isInner && isGroup ? usualFields(value, meaningOf, depth + 1) : [];
    inner.push(...within.filter(({ field }) => field !== FULL_NAME || !NAMES_ITSELF.test(group)));
    if (meaning === undefined || within.length > 0) continue;
    const [, text] = shownText([name, value], meaning.field);
    if (text !== '') own.push({ ...meaning, name, text });
  }
  return [...own.toSorted((a, b) => a.rank - b.rank), ...inner];
}

/** `address` of `q6_address` and `Your address`. */
const groupNamed = (name: string): string => foldedName(name.replace(/^(?:q\d+_|your\s)/i, ''));

/** A name with the text of its value; empty if it has none. */
export function shownText([name, value]: readonly [string, unknown], field?: string): [string, string] {
  const texts = textsOf(value, field === 'phone' ? 'phone' : undefined);
  return [name, texts.filter((text) => cleanText(text) !== '').join(', ')];
}
