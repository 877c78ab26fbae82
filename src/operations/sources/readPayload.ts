import { isUtf8 } from 'node:buffer';
import { formDocument, looksLikeJson } from '../../market/mapping/payload.js';
import { MAX_DEPTH, parseExactJson } from '../../market/mapping/exactJson.js';
import type { Inbound } from '../../market/mapping/inbound.js';
import { parseXml, xmlAsData } from '../../market/protocol/xmlDocument.js';
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
 * Reads a body of a form builder or an ad platform: JSON, XML, urlencoded or multipart, by its content type unless the
 * mapping names the format. JSON and XML with another content type are read as well.
 * @throws OperationError `invalidRequest`, `wrongType` or `tooLarge`; the message quotes nothing of the body
 */
export async function readPayload(
  body: Buffer,
  contentType: string | undefined,
  inbound: Reads,
): Promise<ReadPayload> {
  if (body.length === 0) throw invalidRequest('The request has no body. Fields in the address are not read.');
  const charset = charsetOf(contentType);
  switch (formatOf(body, contentType, inbound.reads)) {
    case 'json':
      return { document: jsonOf(decode(body, charset)), isForm: false };
    case 'xml':
      return { document: xmlOf(decode(body, charset)), isForm: false };
    case 'multipart': {
      const entries = await readMultipart(body, contentType ?? '', { files: inbound.files });
      return { document: formDocument(checked(entries), inbound), isForm: false };
    }
    case 'form': {
      const entries = formEntries(body, charset);
      return { document: formDocument(checked(entries), inbound), isForm: true };
    }
  }
}

type Decoder = InstanceType<typeof TextDecoder>;

/** The charset that a sender names, if it is not UTF-8. */
function charsetOf(contentType = ''): Decoder | undefined {
  const [, name = 'utf-8'] = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType) ?? [];
  return decoderOf(name);
}

/** Undefined for UTF-8, and for a charset that nobody knows: then the bytes decide. */
function decoderOf(name: string): Decoder | undefined {
  try {
    const decoder = new TextDecoder(name);
    return decoder.encoding === 'utf-8' ? undefined : decoder;
  } catch {
    return undefined;
  }
}

const decode = (body: Buffer, charset: Decoder | undefined): string =>
  charset === undefined || isUtf8(body) ? decodeUtf8(body) : decodeBy(charset, body);

/** In a single call, Node 20 reads Windows-1252 as ISO-8859-1, which has no quotation marks and no dashes. */
const decodeBy = (charset: Decoder, bytes: Buffer): string =>
  charset.decode(bytes, { stream: true }) + charset.decode();

/** The names and values of a form. Its charset is in the content type, or in `_charset_`, which browsers fill in. */
function formEntries(body: Buffer, charset: Decoder | undefined): [string, string][] {
  const text = charset === undefined ? decodeUtf8(body) : body.toString('latin1');
  const entries = [...new URLSearchParams(text)];
  const named = entries.find(([name]) => name === '_charset_')?.[1];
  const decoder = charset ?? (named === undefined ? undefined : decoderOf(named));
  if (decoder === undefined) return entries;
  const decoded = (part: string): string => {
    const bytes = Buffer.from(part.replaceAll('+', ' ').replace(PERCENT, byteOf), 'latin1');
    return decode(bytes, decoder);
  };
  return text.split('&').flatMap((pair): [string, string][] => {
    const [name = '', ...value] = pair.split('=');
    return pair === '' ? [] : [[decoded(name), decoded(value.join('='))]];
  });
}

const PERCENT = /%([0-9A-F]{2})/gi;
const byteOf = (_all: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));

function formatOf(
  body: Buffer,
  contentType = '',
  reads: Inbound['reads'] = 'auto',
): Exclude<Inbound['reads'], 'auto' | undefined> {
  if (reads !== 'auto') return reads;
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  if (type === 'multipart/form-data') return 'multipart';
  if (/[/+]json$/.test(type)) return 'json';
  if (/[/+]xml$/.test(type)) return 'xml';
  const start = body
    .subarray(0, 100)
    .toString()
    .replace(/^\uFEFF/, '');
  if (looksLikeJson(start)) return 'json';
  if (/^\s*<[?a-z]/i.test(start)) return 'xml';
  if (type === 'application/x-www-form-urlencoded' || type === '' || type.startsWith('text/')) return 'form';
  throw unsupportedType();
}

/** The document of XML: `lead.phone` of `<lead><phone>…`; a repeated element is a list. */
function xmlOf(text: string): unknown {
  const root = parseXml(text.replace(/^\uFEFF/, '').trim());
  if (root === undefined)
    throw invalidRequest('The body is not XML: it is not well-formed, too deep, or has a DOCTYPE.');
  return xmlAsData(root);
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
