import { ApiError } from '../../operations/refusal.js';
import { decodeUtf8 } from './encoding.js';
import type { Entries } from './entries.js';
import { readJson } from './jsonBody.js';
import { readMultipart } from './multipart.js';
import { unsupportedType } from './unsupportedType.js';

/**
 * A query string or an urlencoded form, decoded as the URL standard says.
 * @throws ApiError `invalidRequest` where it is not in UTF-8
 */
export function readForm(text: string): Entries {
  return text === '' ? [] : inUtf8([...new URLSearchParams(text)]);
}

/** What is not UTF-8 was decoded to U+FFFD: the names of people would be damaged without a word. */
function inUtf8(entries: [string, string][]): Entries {
  const [name] = entries.find((entry) => entry.some((text) => text.includes('\ufffd'))) ?? [];
  if (name === undefined) return entries;
  const which = name.includes('\ufffd') ? 'The name of a field' : `The field "${name.slice(0, 64)}"`;
  throw new ApiError(
    'invalidRequest',
    `${which} is not in UTF-8. Send all fields in UTF-8: in a form and in an address, é is %C3%A9.`,
  );
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
      return readUrlencoded(decodeUtf8(body));
    case 'multipart/form-data':
      return inUtf8(await readMultipart(body, contentType ?? ''));
    default:
      throw unsupportedType();
  }
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
