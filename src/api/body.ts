import { ApiError } from './apiError.js';
import { readMultipart } from './multipart.js';
import { wrongType } from './wrongType.js';

/** Names and values in the order in which they came; a form may name a field twice. */
export type Entries = (readonly [name: string, value: unknown])[];

/**
 * A query string or an urlencoded form, decoded as the URL standard says.
 * @throws ApiError `invalidRequest` where it is not in UTF-8
 */
export function readForm(text: string): Entries {
  return text === '' ? [] : inUtf8([...new URLSearchParams(text)]);
}

/** What is not UTF-8 was decoded to U+FFFD: the names of people would be damaged without a word. */
function inUtf8(entries: [string, string][]): Entries {
  if (!entries.some(([name, value]) => name.includes('\ufffd') || value.includes('\ufffd'))) return entries;
  throw new ApiError('invalidRequest', 'The fields are not in UTF-8. Send them in UTF-8.');
}

const FORM = 'application/x-www-form-urlencoded';

/** A body without a type is JSON. */
const typeOf = (contentType = 'application/json'): string =>
  (contentType.split(';')[0] ?? '').trim().toLowerCase();

/** Whether the body is a form in which an unencoded plus sign stands for a space. */
export const isForm = (contentType: string | undefined): boolean => typeOf(contentType) === FORM;

/** The fields of a body by its content type. */
export async function readBody(body: Buffer, contentType: string | undefined): Promise<Entries> {
  if (body.length === 0) return [];
  switch (typeOf(contentType)) {
    case 'application/json':
      return readJson(body);
    case FORM:
      return readUrlencoded(body.toString('utf8'));
    case 'multipart/form-data':
      return inUtf8(await readMultipart(body, contentType ?? ''));
    default:
      throw wrongType();
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function readJson(body: Buffer): Entries {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
  } catch {
    throw new ApiError('invalidRequest', 'The body is not JSON in UTF-8. Send one JSON object.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return withAllDigits(text, value);
  throw new ApiError('invalidRequest', 'The body is JSON, but no object. Send {"name": "value", …}.');
}

function withAllDigits(text: string, object: object): Entries {
  const whole = withWholeNumbers(text);
  return entriesOf(whole, whole === text ? object : (JSON.parse(whole) as object));
}

/** A text, or a number as RFC 8259 writes it. */
const TEXT_OR_NUMBER =
  /"(?:[^"\\]+|\\.)*"|(?<![\w.+-])-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/g;

/**
 * Numbers beyond 2^53, such as the ids of ad platforms, as texts: JSON.parse would change their last digits.
 * @param json a text that JSON.parse takes: on another one the expression could take very long
 */
function withWholeNumbers(json: string): string {
  if (!/\d{16}|[eE][+-]?\d/.test(json)) return json;
  return json.replace(TEXT_OR_NUMBER, (token) => (isWhole(token) ? token : `"${token}"`));
}

function isWhole(token: string): boolean {
  if (token.startsWith('"')) return true;
  const number = Number(token);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
}

/**
 * The members of an object in their order, also those whose name comes again: JSON.parse keeps the last one, others take
 * the first (RFC 8259, section 4).
 * @param json the text of an object that JSON.parse takes
 */
function entriesOf(json: string, object: object): Entries {
  const members = membersOf(json);
  if (members.length === Object.keys(object).length) return Object.entries(object);
  return members.map(({ name, value }) => [name, JSON.parse(value) as unknown]);
}

function membersOf(json: string): { name: string; value: string }[] {
  const members: { name: string; start: number; end: number }[] = [];
  let depth = 0;
  for (const { 0: token, index } of json.matchAll(/"(?:[^"\\]+|\\.)*"(?:\s*:)?|[{}[\],]/g)) {
    const last = members.at(-1);
    if (depth === 1 && last?.end === 0 && /^[,}]$/.test(token)) last.end = index;
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':'))
      members.push({ name: String(JSON.parse(token.slice(0, -1))), start: index + token.length, end: 0 });
  }
  return members.map(({ name, start, end }) => ({ name, value: json.slice(start, end) }));
}

/** `curl -d '{…}'` sends JSON under a form's header, which would read it as one field with a strange name. */
function readUrlencoded(text: string): Entries {
  const entries = readForm(text);
  if (!/^\s*[{[]/.test(entries[0]?.[0] ?? '')) return entries;
  throw new ApiError(
    'invalidRequest',
    'The body is JSON, but its header says that it is a form. Send the header "Content-Type: application/json".',
  );
}
