import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { OperationError, invalidRequest } from '../operationError.js';
import { unsupportedType } from './unsupportedType.js';

/** More than any form has; each part costs some work. */
const MAX_PARTS = 1000;

/**
 * The text fields of a `multipart/form-data` body, in order. A part with a file name is a file. An empty file is ignored:
 * browsers send it for an empty file input.
 * @param files what happens to other files
 * @throws OperationError `invalidRequest`, `wrongType` for a file that is not empty, `tooLarge`
 */
export function readMultipart(
  body: Buffer,
  contentType: string,
  { files = 'refuse' }: { files?: 'drop' | 'refuse' } = {},
): Promise<[name: string, value: string][]> {
  return new Promise((resolve, reject) => {
    const entries: [string, string][] = [];
    const parser = openParser(contentType);
    parser.on('field', (name: string | undefined, value, _nameCut, _valueCut, encoding) => {
      if (ENCODED.test(encoding)) reject(encodedPart(name ?? '', encoding));
      else entries.push([name ?? '', value]);
    });
    parser.on('file', (name: string | undefined, file) => {
      if (files === 'drop') file.resume();
      else file.on('data', () => reject(filePart(name ?? '')));
      // A body that ends inside the file emits an error on the file's stream as well. Without a listener the process would
      // crash.
      file.on('error', () => reject(incompleteBody()));
    });
    parser.on('partsLimit', () => reject(new OperationError('tooLarge', `Send at most ${MAX_PARTS} parts.`)));
    parser.on('error', () => reject(incompleteBody()));
    parser.on('finish', () => resolve(entries));
    parser.end(body);
  });
}

/** @throws OperationError if the header has no valid boundary */
function openParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: MAX_PARTS },
      isPartAFile: (_name, _type, filename) => filename !== undefined,
    });
  } catch {
    throw invalidRequest(
      'The Content-Type has no valid boundary. Let your HTTP library set this header when it builds the form.',
    );
  }
}

/** Transfer encodings of e-mail, which HTTP does not use (RFC 7578, 4.7) and the parser does not decode. */
const ENCODED = /^\s*(?:base64|quoted-printable)/i;

const encodedPart = (name: string, encoding: string): OperationError =>
  invalidRequest(`The part "${name}" is encoded as ${encoding}. Send it unencoded, in UTF-8.`);

const filePart = (name: string): OperationError =>
  unsupportedType(`The part "${name}" is a file. Send text fields only.`);

const incompleteBody = (): OperationError =>
  invalidRequest('The multipart body is incomplete, or its boundary differs from the one in Content-Type.');
