import { isUtf8 } from 'node:buffer';
import { invalidRequest } from '../operationError.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Decodes a body and removes the byte order mark.
 * @throws OperationError `invalidRequest` with the position of the invalid byte and the probable encoding
 */
export function decodeUtf8(body: Buffer): string {
  if (isUtf16(body)) throw invalidRequest('The body is in UTF-16. Send it in UTF-8.');
  if (isUtf8(body)) return utf8.decode(body);
  const start = firstFault(body);
  const byte = (body[start] ?? 0).toString(16).toUpperCase();
  const at = lineAndColumn(utf8.decode(body.subarray(0, start)));
  throw invalidRequest(
    `The body is not in UTF-8: ${at} has the byte 0x${byte}, probably Latin-1 or Windows-1252. Send it in UTF-8.`,
  );
}

/** All body formats start with ASCII characters, which have a zero byte in UTF-16. */
function isUtf16(body: Buffer): boolean {
  const [a, b, c, d] = body;
  const hasMark = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  return hasMark || (a === 0 && c === 0) || (b === 0 && d === 0);
}

/** The position of the first invalid character. */
function firstFault(body: Buffer): number {
  let good = 0;
  let bad = body.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (beginsAsUtf8(body.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  // It may end inside a valid multi-byte character.
  while (!isUtf8(body.subarray(0, good))) good -= 1;
  return good;
}

function beginsAsUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** `line 3, column 14`: the position after this text. */
export function lineAndColumn(before: string): string {
  const lines = before.split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}
