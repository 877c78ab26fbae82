import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import type { Settings } from './config.js';

export type Log = Logger;

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
      paths: [
        'fields',
        '*.fields',
        'lead.fields',
        'headers',
        '*.headers',
        'req.headers',
        'body',
        '*.body',
        'query',
        '*.query',
        'secret',
        '*.secret',
        'key',
        '*.key',
      ],
      censor: '[not logged]',
    },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
