import { invalidRequest } from '../../operations/operationError.js';
import { decodeUtf8 } from '../../operations/body/encoding.js';
import type { Entries } from '../../operations/body/entries.js';
import { readJson } from './jsonBody.js';
import { readMultipart } from '../../operations/body/multipart.js';
import { unsupportedType } from '../../operations/body/unsupportedType.js';

/**
 * A query string or an urlencoded form, decoded by the URL standard.
 * @throws OperationError `invalidRequest` if it is not UTF-8
 */
export function readForm(text: string): Entries {
  return text === '' ? [] : inUtf8([...new URLSearchParams(text)]);
}

/** Invalid UTF-8 is decoded to U+FFFD. Without this check, names of people would be damaged silently. */
function inUtf8(entries: [string, string][]): Entries {
  const [name] = entries.find((entry) => entry.some((text) => text.includes('\ufffd'))) ?? [];
  if (name === undefined) return entries;
  const which = name.includes('\ufffd') ? 'The name of a field' : `The field "${name.slice(0, 64)}"`;
  throw invalidRequest(
    `${which} is not in UTF-8. Send all fields in UTF-8: in a form and in an address, é is %C3%A9.`,
  );
}

const FORM = 'application/x-www-form-urlencoded';

/** The media type; JSON by default. */
const typeOf = (contentType = 'application/json'): string =>
  (contentType.split(';')[0] ?? '').trim().toLowerCase();

/** Whether the body is an urlencoded form, in which a plus sign means a space. */
export const isForm = (contentType: string | undefined): boolean => typeOf(contentType) === FORM;

export async function readBody(body: Buffer, contentType: string | undefined): Promise<Entries> {
  if (body.length === 0) return [];
  switch (typeOf(contentType)) {
    case 'application/json':
      return readJson(body);
    case FORM:
      return readUrlencoded(decodeUtf8(body));
    case 'multipart/form-data':
      return inUtf8(await readMultipart(body, contentType ?? ''));
    default:
      throw unsupportedType();
  }
}

/** `curl -d '{…}'` sends JSON with the content type of a form, which would make it one field with a strange name. */
function readUrlencoded(text: string): Entries {
  const entries = readForm(text);
  if (!/^\s*[{[]/.test(entries[0]?.[0] ?? '')) return entries;
  throw invalidRequest(
    'The body is JSON, but its Content-Type is that of a form. Send the header "Content-Type: application/json".',
  );
}
