import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { ApiError } from '../../operations/refusal.js';
import { unsupportedType } from './unsupportedType.js';

/** More parts than any form has; each costs a little work. */
const MAX_PARTS = 1000;

/**
 * The text fields of a `multipart/form-data` body, in the order in which they came. A part with a file name is a file.
 * An empty one is ignored: browsers send it for a file input that was left empty.
 * @throws ApiError `invalidRequest`, `wrongType` for a file that is not empty, `tooLarge`
 */
export function readMultipart(body: Buffer, contentType: string): Promise<[name: string, value: string][]> {
  return new Promise((resolve, reject) => {
    const entries: [string, string][] = [];
    const parser = openParser(contentType);
    parser.on('field', (name: string | undefined, value, _nameCut, _valueCut, encoding) => {
      if (ENCODED.test(encoding)) reject(encodedPart(name ?? '', encoding));
      else entries.push([name ?? '', value]);
    });
    parser.on('file', (name: string | undefined, file) => {
      file.on('data', () => reject(filePart(name ?? '')));
      // A body that ends inside the file fails on the file's stream as well as on the parser's. Without a listener here
      // the process would end.
      file.on('error', () => reject(cutOff()));
    });
    parser.on('partsLimit', () => reject(new ApiError('tooLarge', `Send at most ${MAX_PARTS} parts.`)));
    parser.on('error', () => reject(cutOff()));
    parser.on('finish', () => resolve(entries));
    parser.end(body);
  });
}

/** @throws ApiError when the header names no usable boundary */
function openParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: MAX_PARTS },
      isPartAFile: (_name, _type, filename) => filename !== undefined,
    });
  } catch {
    throw new ApiError(
      'invalidRequest',
      'The Content-Type names no usable boundary. Leave this header to your HTTP library when it builds the form.',
    );
  }
}

/** Transfer encodings that e-mail has and HTTP does without (RFC 7578, 4.7): the parser leaves them as they are. */
const ENCODED = /^\s*(?:base64|quoted-printable)/i;

const encodedPart = (name: string, encoding: string): ApiError =>
  new ApiError(
    'invalidRequest',
    `The part "${name}" is encoded as ${encoding}. Send it unencoded, in UTF-8.`,
  );

const filePart = (name: string): ApiError =>
  unsupportedType(`The part "${name}" is a file. Send text fields only.`);

const cutOff = (): ApiError =>
  new ApiError(
    'invalidRequest',
    'The multipart body is cut off, or its boundary is not the one that Content-Type names.',
  );
