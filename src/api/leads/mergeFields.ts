import { listName } from '../../market/fields/fieldNames.js';
import type { Given, GivenValue } from '../../market/intake/given.js';
import { cleanText, MAX_VALUE } from '../../market/fields/text.js';
import { KEY_FORM, looksLikeKey } from '../../store/keys/apiKeys.js';
import { OperationError } from '../../operations/operationError.js';
import type { Entries } from '../../operations/body/entries.js';

export const MAX_FIELDS = 100;
export const MAX_NAME = 64;

/** Decoded names and values of a request. */
export interface RequestFields {
  query: Entries;
  body: Entries;
  /** The body is urlencoded, so an unencoded plus sign has become a space. Always true of the query. */
  bodyIsForm?: boolean;
}

/**
 * Merges the fields of query and body, and drops blank ones. If a field is in both, the body's value counts, even a blank one.
 * Values with an API key are dropped, so that a misplaced key is never stored with a lead.
 * @throws OperationError `tooLarge`
 */
export function mergeFields({ query, body, bodyIsForm = false }: RequestFields): Given {
  const sent = new Map([
    ...grouped(query, { plusWasSpace: true }),
    ...grouped(body, { plusWasSpace: bodyIsForm }),
  ]);
  if (sent.size > MAX_FIELDS)
    throw new OperationError('tooLarge', `The request has too many fields. Send at most ${MAX_FIELDS}.`);
  for (const [name, { values }] of sent) checkLengths(name, values);
  return new Map(
    [...sent].flatMap(([name, value]): [string, GivenValue][] => {
      const given = givenValue(value);
      return given === undefined ? [] : [[name, given]];
    }),
  );
}

/** The values of a name, in order. */
interface SentValues {
  values: Value[];
  isList: boolean;
  plusWasSpace: boolean;
}

type Value = { text: string } | { json: string };

function grouped(entries: Entries, { plusWasSpace }: { plusWasSpace: boolean }): Map<string, SentValues> {
  const sent = new Map<string, SentValues>();
  for (const [sentName, value] of entries) {
    const base = listName(sentName);
    const name = base ?? sentName;
    const values = valuesOf(name, value);
    if (holdsKey(name) || values.some((one) => holdsKey('text' in one ? one.text : one.json))) continue;
    const known = sent.get(name) ?? { values: [], isList: false, plusWasSpace };
    known.values.push(...values);
    known.isList ||= base !== undefined || Array.isArray(value);
    sent.set(name, known);
  }
  return sent;
}

/** The values in nested lists, flattened. Numbers and booleans become text. */
function valuesOf(name: string, value: unknown): Value[] {
  const values: unknown[] = Array.isArray(value) ? value.flat(MAX_LIST_DEPTH) : [value];
  return values.flatMap((one): Value[] => {
    if (typeof one === 'string') return [{ text: one }];
    if (typeof one === 'number' || typeof one === 'boolean') return [{ text: String(one) }];
    return one === null || one === undefined ? [] : [{ json: jsonOf(name, one) }];
  });
}

const MAX_LIST_DEPTH = 10;

/** @throws OperationError `tooLarge` if the value is nested too deeply to be serialised, which is always too long as well */
function jsonOf(name: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw tooLong(name);
  }
}

function checkLengths(name: string, values: readonly Value[]): void {
  if (name.length > MAX_NAME)
    throw new OperationError(
      'tooLarge',
      `The name of a field is too long. Use at most ${MAX_NAME} characters.`,
    );
  if (values.some((one) => isTooLong('text' in one ? one.text : one.json))) throw tooLong(name);
}

/** Counts code points like JSON Schema, not UTF-16 units: an emoji is one character. */
const isTooLong = (text: string): boolean => text.length > MAX_VALUE && Array.from(text).length > MAX_VALUE;

const tooLong = (name: string): OperationError =>
  new OperationError('tooLarge', `A value is too long. Send at most ${MAX_VALUE} characters.`, {
    fields: [{ field: name, problem: `longer than ${MAX_VALUE} characters` }],
  });

/** Undefined if it is blank. */
function givenValue({ values, isList, plusWasSpace }: SentValues): GivenValue | undefined {
  const shown = values.filter((one) => 'json' in one || cleanText(one.text) !== '');
  const [first, ...more] = shown;
  if (first === undefined) return undefined;
  if (more.length > 0 || isList) {
    return {
      kind: 'list',
      texts: shown.map((one) => ('text' in one ? one.text : one.json)),
      repeated: !isList,
    };
  }
  return 'text' in first
    ? { kind: 'text', text: first.text, plusWasSpace: plusWasSpace || undefined }
    : { kind: 'object', json: first.json };
}

/** Also finds keys inside a longer text, such as the URL of a landing page. */
export function holdsKey(text: string): boolean {
  return text.includes('gvl_') && (text.match(EVERY_KEY) ?? []).some(looksLikeKey);
}

const EVERY_KEY = new RegExp(KEY_FORM, 'g');
