import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import type { Settings } from './config.js';

export type Log = Logger;

/**
 * The names under which personal data, or hashes of them, and keys are found: in a lead as it is worked with or as it is
 * stored, in a request, in a key. Left out at the top of a line and in whatever it names.
 */
const NOT_LOGGED = [
  'fields',
  'sent',
  'phoneE164',
  'match',
  'person',
  'idempotency',
  'headers',
  'body',
  'query',
  'secret',
  'secrets',
  'redirectUrl',
  'signing',
  'key',
];

/**
 * The log of a process: one JSON object a line on stdout. Callers log named fields only, and a lead by its id alone. The
 * redaction is the safety net below that rule, in case somebody logs a whole lead or request.
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
  return pino(options, to ?? standardOutput());
}

/** Lines that can't be written wait in memory, up to this many bytes; then new ones are dropped. */
const MOST_WAITING = 4 * 1024 * 1024;

/**
 * Writes lines without waiting. A disk that is full, or a reader that is gone, costs lines of the log and never the process.
 * The lines of one turn of the event loop are one write, because each write wakes another thread.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ maxLength: MOST_WAITING });
  output.on('error', () => {
    // At the exit of the process it would try again without end.
    output.flushSync = () => undefined;
  });
  let lines = '';
  let isUsed = false;
  const writeLines = (): void => {
    const text = lines;
    lines = '';
    if (text !== '') output.write(text);
  };
  return {
    write: (line) => {
      // Before pino's own listener, which waits for what is written.
      if (!isUsed) process.prependListener('exit', writeLines);
      isUsed = true;
      if (lines === '') setImmediate(writeLines);
      lines += line;
    },
  };
}
