import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import type { Settings } from './config.js';

export type Log = Logger;

/**
 * The names under which personal data, or hashes of them, and keys are found: in a lead as it is worked with or as it is
 * stored, in a request, in a key. Left out at the top of a line and in whatever it names.
 */
const NOT_LOGGED = [
  'fields',
  'phoneE164',
  'match',
  'person',
  'idempotency',
  'headers',
  'body',
  'query',
  'secret',
  'key',
];

/**
 * The log of a process: one JSON object a line on stdout. What may be logged is what callers pass as named fields; a
 * lead is logged by its id alone. The redaction is the net below that habit, for the places where personal data and
 * keys would be if somebody logged a whole lead or request.
 * @param to where the lines go; stdout unless given
 */
export function createLog(settings: Pick<Settings, 'LOG_LEVEL'>, name: string, to?: DestinationStream): Log {
  const options: LoggerOptions = {
    name,
    level: settings.LOG_LEVEL,
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: NOT_LOGGED.flatMap((name) => [name, `*.${name}`]),
      censor: '[not logged]',
    },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
