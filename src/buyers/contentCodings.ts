import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** A body that doesn't match its `Content-Encoding`. The message says how, and repeats nothing of the answer. */
export class UndecodableBody extends Error {
  override name = 'UndecodableBody';
}

/** The decoded body exceeds the maximum size. */
export class DecodedTooLarge extends Error {
  override name = 'DecodedTooLarge';
}

/** More than two nested codings make no answer smaller, only more expensive to read. */
const MAX_CODINGS = 2;

type Decode = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

// The functions for whole buffers need no `error` listener, and `maxOutputLength` stops a decompression bomb early.
const decodeGzip: Decode = promisify(gunzip);
const decodeBrotli: Decode = promisify(brotliDecompress);
const decodeZlib: Decode = promisify(inflate);
const decodeRawDeflate: Decode = promisify(inflateRaw);

/** RFC 1950, section 2.2: method 8, and a checksum that makes the two bytes a multiple of 31. */
const isZlib = (bytes: Buffer): boolean =>
  bytes.length >= 2 && bytes.readUInt8(0) % 16 === 8 && bytes.readUInt16BE(0) % 31 === 0;

/**
 * Removes the content codings of a body (RFC 9110, section 8.4). Some servers compress although the request asks them
 * not to, send raw deflate as "deflate", or keep the header of a body that a proxy has already decoded.
 * @throws UndecodableBody
 * @throws DecodedTooLarge
 */
export async function decodeBody(
  body: Buffer,
  contentEncoding: string | string[] | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const codings = [contentEncoding ?? []]
    .flat()
    .join(',')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > MAX_CODINGS) throw new UndecodableBody(`more than ${MAX_CODINGS} content codings`);
  let bytes = body;
  for (const coding of codings.toReversed()) bytes = await decodeOne(bytes, coding, maxBytes);
  return bytes;
}

async function decodeOne(bytes: Buffer, coding: string, maxOutputLength: number): Promise<Buffer> {
  const decode = decoderFor(coding, bytes);
  if (decode === undefined || bytes.length === 0) return bytes;
  try {
    return await decode(bytes, { maxOutputLength });
  } catch (error) {
    if (error instanceof RangeError) throw new DecodedTooLarge('decoded body too large', { cause: error });
    if (isJsonObject(bytes)) return bytes;
    throw new UndecodableBody(`its ${coding} data are broken or incomplete`, { cause: error });
  }
}

/** Undefined if the body is plain JSON although its coding has a recognisable first byte. */
function decoderFor(coding: string, bytes: Buffer): Decode | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return decodeGzip;
    case 'deflate':
      if (isZlib(bytes)) return decodeZlib;
      return isJsonObject(bytes) ? undefined : decodeRawDeflate;
    case 'br':
      return decodeBrotli;
    default:
      // The name of the coding is the buyer's free text.
      throw new UndecodableBody('an unknown content coding');
  }
}

const isJsonObject = (bytes: Buffer): boolean =>
  /^(?:\xef\xbb\xbf)?\s*\{/.test(bytes.toString('latin1', 0, 64));

/** Describes a body that is not JSON. */
export function notJson(text: string): string {
  if (text.trim() === '') return 'not JSON: the body is empty';
  if (text.includes('\u0000') || text.startsWith('\ufffd\ufffd'))
    return 'not JSON in UTF-8: the body looks like UTF-16';
  const start = text.trimStart();
  if (/^<(?:!doctype html|html|head|body)/i.test(start)) return 'not JSON: an HTML page';
  if (start.startsWith('<')) return 'not JSON: XML or HTML';
  if (/^(?:bid|accepted)=/.test(start)) return 'not JSON: form data; send a JSON object';
  if (start.startsWith('{') || start.startsWith('[')) return 'not JSON: a syntax error';
  return 'not JSON: plain text; send a JSON object';
}
