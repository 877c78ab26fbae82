import { InvalidArgumentError } from 'commander';
import type Type from 'typebox';
import Value from 'typebox/value';
import { MAX_PAGE_SIZE } from '../operations/inputs.js';
import { parseDuration } from '../market/calendar/duration.js';
import { formatUtc, parseIsoTime } from '../market/calendar/isoTime.js';

export function parsePastTime(text: string): Date {
  const span = parseDuration(text);
  const at = span === undefined ? parseIsoTime(text) : new Date(Date.now() - span);
  if (at === undefined) throw new InvalidArgumentError('Write a date like 2026-11-01 or a duration like 7d.');
  return at;
}

/** A date, a time, or a duration from now. It must be in the future. */
export function parseFutureTime(text: string): Date {
  const span = parseDuration(text);
  const at = span === undefined ? parseIsoTime(text) : new Date(Date.now() + span);
  if (at === undefined)
    throw new InvalidArgumentError('Write a date like 2027-01-31 or a duration like 90d.');
  if (at.getTime() <= Date.now()) throw new InvalidArgumentError(`${formatUtc(at)} has passed already.`);
  return at;
}

export function parseDurationMs(text: string): number {
  const span = parseDuration(text);
  if (span === undefined || span <= 0) throw new InvalidArgumentError('Write a duration like 12h or 14d.');
  return span;
}

/** Maximum length of a list. */
export function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0 && Number(text) <= MAX_PAGE_SIZE) return Number(text);
  throw new InvalidArgumentError(`Write a whole number from 1 to ${MAX_PAGE_SIZE}.`);
}

export function parseVersion(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write the number of a version, as `gavel market versions` has it.');
}

export const fitting =
  (schema: Type.TSchema, hint: string) =>
  (text: string): string => {
    if (Value.Check(schema, text)) return text;
    throw new InvalidArgumentError(hint);
  };
