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

/** The fields of a body by its content type; one without a type is JSON. */
export async function readBody(body: Buffer, contentType: string | undefined): Promise<Entries> {
  if (body.length === 0) return [];
  const [type = ''] = (contentType ?? 'application/json').split(';');
  switch (type.trim().toLowerCase()) {
    case 'application/json':
      return readJson(body);
    case 'application/x-www-form-urlencoded':
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
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return [...Object.entries(value), ...namesGivenTwice(text).map((name) => [name, null] as const)];
  throw new ApiError('invalidRequest', 'The body is JSON, but no object. Send {"name": "value", …}.');
}

/**
 * Names that the outermost object has more than once. JSON.parse takes the last one, others take the first (RFC 8259,
 * section 4); which one is meant, only the sender knows.
 * @param json an object that JSON.parse takes
 */
function namesGivenTwice(json: string): string[] {
  const seen = new Set<unknown>();
  const twice: string[] = [];
  let depth = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1 && token.endsWith(':')) {
      const name = String(JSON.parse(token.slice(0, -1)));
      if (seen.has(name)) twice.push(name);
      seen.add(name);
    }
  }
  return twice;
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
