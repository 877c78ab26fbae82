import { listName } from '../../market/fields/fieldNames.js';
import type { Given, GivenValue } from '../../market/intake/given.js';
import { cleanText } from '../../market/fields/text.js';
import { KEY_FORM, looksLikeKey } from '../../store/keys/apiKeys.js';
import { ApiError } from '../../operations/refusal.js';
import type { Entries } from '../http/entries.js';

export const MAX_FIELDS = 100;
export const MAX_NAME = 64;
export const MAX_VALUE = 10_000;

/** A request's names and values, decoded. */
export interface RequestFields {
  query: Entries;
  body: Entries;
  /** The body is urlencoded, as the query always is: an unencoded plus sign has become a space. */
  bodyIsForm?: boolean;
}

/**
 * The fields of the query and of the body together, without those that show nothing. If both name a field, the body's
 * counts, also when it is blank. What looks like one of our keys is dropped as if it had not been sent: a key in the wrong
 * place must not end up in a lead.
 * @throws ApiError `tooLarge`
 */
export function mergeFields({ query, body, bodyIsForm = false }: RequestFields): Given {
  const sent = new Map([
    ...grouped(query, { plusWasSpace: true }),
    ...grouped(body, { plusWasSpace: bodyIsForm }),
  ]);
  if (sent.size > MAX_FIELDS) throw new ApiError('tooLarge', `Send ${MAX_FIELDS} fields at the most.`);
  for (const [name, { values }] of sent) checkLengths(name, values);
  return new Map(
    [...sent].flatMap(([name, value]): [string, GivenValue][] => {
      const given = givenValue(value);
      return given === undefined ? [] : [[name, given]];
    }),
  );
}

/** The values of a name, in the order in which they came. */
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
    const before = sent.get(name)?.values ?? [];
    const isList = base !== undefined || Array.isArray(value) || sent.get(name)?.isList === true;
    sent.set(name, { values: [...before, ...values], isList, plusWasSpace });
  }
  return sent;
}

/** The texts of a value, however deep its lists; numbers and booleans are taken as text. */
function valuesOf(name: string, value: unknown): Value[] {
  const values: unknown[] = Array.isArray(value) ? value.flat(DEEPEST_LIST) : [value];
  return values.flatMap((one): Value[] => {
    if (typeof one === 'string') return [{ text: one }];
    if (typeof one === 'number' || typeof one === 'boolean') return [{ text: String(one) }];
    return one === null || one === undefined ? [] : [{ json: jsonOf(name, one) }];
  });
}

const DEEPEST_LIST = 10;

/** @throws ApiError `tooLarge` also for what is nested too deeply to be written: each level has a character at least */
function jsonOf(name: string, value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw tooLong(name);
  }
}

function checkLengths(name: string, values: readonly Value[]): void {
  if (name.length > MAX_NAME)
    throw new ApiError('tooLarge', `The name of a field may have ${MAX_NAME} characters at the most.`);
  if (values.some((one) => isTooLong('text' in one ? one.text : one.json))) throw tooLong(name);
}

/** Characters as people and JSON Schema count them: an emoji is one, of two UTF-16 units. */
const isTooLong = (text: string): boolean => text.length > MAX_VALUE && Array.from(text).length > MAX_VALUE;

const tooLong = (name: string): ApiError =>
  new ApiError('tooLarge', `A value may have ${MAX_VALUE} characters at the most.`, {
    fields: [{ field: name, problem: `longer than ${MAX_VALUE} characters` }],
  });

/** Undefined if nothing of it can be seen. */
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

/** Also inside a longer text, such as the address of a landing page. */
function holdsKey(text: string): boolean {
  return text.includes('gvl_') && (text.match(EVERY_KEY) ?? []).some(looksLikeKey);
}

const EVERY_KEY = new RegExp(KEY_FORM, 'g');
