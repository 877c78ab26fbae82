import { formDocument, looksLikeJson } from '../../market/mapping/payload.js';
import { MAX_DEPTH, parseExactJson } from '../../market/mapping/exactJson.js';
import type { Inbound } from '../../market/mapping/inbound.js';
import { decodeUtf8 } from '../body/encoding.js';
import { jsonFault } from '../body/jsonFault.js';
import { readMultipart } from '../body/multipart.js';
import { unsupportedType } from '../body/unsupportedType.js';
import { invalidRequest, OperationError } from '../operationError.js';

/** The most names of a form. */
const MAX_NAMES = 1000;

/** A request's body as its mapping sees it. */
export interface ReadPayload {
  document: unknown;
  /** It was an urlencoded form, in which an unencoded plus sign arrives as a space. */
  isForm: boolean;
}

type Reads = Pick<Inbound, 'reads' | 'brackets' | 'files'>;

/**
 * Reads a body of a form builder or an ad platform: JSON, urlencoded or multipart, by its content type unless the mapping
 * names the format. JSON with the content type of a form or of plain text is read as well.
 * @throws OperationError `invalidRequest`, `wrongType` or `tooLarge`; the message quotes nothing of the body
 */
export async function readPayload(
  body: Buffer,
  contentType: string | undefined,
  inbound: Reads,
): Promise<ReadPayload> {
  switch (formatOf(body, contentType, inbound.reads)) {
    case 'json':
      return { document: jsonOf(decodeUtf8(body)), isForm: false };
    case 'multipart': {
      const entries = await readMultipart(body, contentType ?? '', { files: inbound.files });
      return { document: formDocument(checked(entries), inbound), isForm: false };
    }
    case 'form': {
      const entries = [...new URLSearchParams(decodeUtf8(body))];
      return { document: formDocument(checked(entries), inbound), isForm: true };
    }
  }
}

function formatOf(
  body: Buffer,
  contentType = '',
  reads: Inbound['reads'] = 'auto',
): 'json' | 'form' | 'multipart' {
  if (reads !== 'auto') return reads;
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (type === 'multipart/form-data') return 'multipart';
  if (/[/+]json$/.test(type)) return 'json';
  const isJson = looksLikeJson(body.subarray(0, 100).toString());
  if (type === 'application/x-www-form-urlencoded') return isJson ? 'json' : 'form';
  if (type === '' || type.startsWith('text/')) return isJson ? 'json' : 'form';
  throw unsupportedType();
}

function jsonOf(text: string): unknown {
  const value = parseExactJson(text);
  if (value !== undefined) return value;
  const fault = jsonFault(text);
  throw invalidRequest(
    fault === undefined
      ? `The body is nested deeper than ${MAX_DEPTH} levels.`
      : `The body is not JSON: ${fault}.`,
  );
}

/** @throws OperationError if there are too many names, or if they are not in UTF-8 */
function checked(entries: [string, string][]): [string, string][] {
  if (entries.length > MAX_NAMES)
    throw new OperationError('tooLarge', `The form has too many names. Send at most ${MAX_NAMES}.`);
  if (entries.some((entry) => entry.some((text) => text.includes('\ufffd'))))
    throw invalidRequest('The form is not in UTF-8. Send it in UTF-8.');
  return entries;
}
