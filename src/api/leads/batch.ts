import { cleanText } from '../../market/fields/text.js';
import { OperationError } from '../../operations/operationError.js';
import type { Entries } from '../../operations/body/entries.js';
import { readJson } from '../http/jsonBody.js';
import { MAX_BODY_BYTES } from '../plugins/bodyParsers.js';
import { checkIdempotencyKey } from './idempotency.js';

/** The most leads of a batch. */
export const MAX_BATCH_LEADS = 1000;
/** 8 MiB: 1,000 leads with the text of a consent. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** A lead in a batch. */
export interface BatchLine {
  /** Its line in the body, from 1. */
  number: number;
  bytes: Buffer;
}

const LINE_FEED = 0x0a;

/**
 * The lines of a batch that are not blank.
 * @throws OperationError `invalidRequest` without a line, `tooLarge` with too many
 */
export function readBatch(body: Buffer): BatchLine[] {
  const lines: BatchLine[] = [];
  let start = 0;
  for (let number = 1; start < body.length; number += 1) {
    let at = start;
    while (isBlank(body[at])) at += 1;
    const found = body[at] === LINE_FEED ? at : body.indexOf(LINE_FEED, at);
    const end = found < 0 ? body.length : found;
    const begin = start;
    start = end + 1;
    if (at === end) continue;
    const bytes = body.subarray(begin, end);
    if (lines.length === MAX_BATCH_LEADS)
      throw new OperationError(
        'tooLarge',
        `The batch has over ${MAX_BATCH_LEADS} leads. Nothing was accepted; send it in several.`,
      );
    lines.push({ number, bytes });
  }
  if (lines.length > 0) return lines;
  throw new OperationError('invalidRequest', 'The batch has no lead. Send one JSON object a line.');
}

/** A space, a tab or a carriage return. */
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d;

/** A line as a request with one lead would be. */
export interface LineRequest {
  body: Entries;
  idempotencyKey: string | undefined;
}

/**
 * Reads a line. Its `idempotency_key` is not a field of the lead; without one, the key is that of the request with the
 * number of the line.
 * @throws OperationError as for the body of a single lead
 */
export function readLine({ number, bytes }: BatchLine, requestKey: string | undefined): LineRequest {
  if (bytes.length > MAX_BODY_BYTES)
    throw new OperationError('tooLarge', 'The line is over 64 KiB. Send a shorter one.');
  const entries = readJson(bytes);
  const body = entries.filter(([name]) => name !== IDEMPOTENCY_KEY);
  const [, own] = entries.findLast(([name]) => name === IDEMPOTENCY_KEY) ?? [];
  if (own === undefined || own === null || own === '')
    return { body, idempotencyKey: requestKey === undefined ? undefined : `${requestKey} line ${number}` };
  if (typeof own !== 'string' && typeof own !== 'number')
    throw new OperationError('invalidRequest', 'idempotency_key must be a text. Correct it.');
  return { body, idempotencyKey: checkIdempotencyKey(cleanText(String(own)), IDEMPOTENCY_KEY) };
}

const IDEMPOTENCY_KEY = 'idempotency_key';
