import { CommanderError, type Command } from 'commander';
import { ApiError } from '../api/apiError.js';
import { SettingsError } from '../config.js';
import { CommandFailed } from './commandFailed.js';
import { printError } from './print.js';
import { gavelProgram } from './program.js';

export const runGavel = (argv: string[]): Promise<0 | 1 | 2> => runProgram(gavelProgram(), argv);

/**
 * Runs one command line. Resolves with the exit code: 0 done, 1 failed, with one message on standard error, 2 wrong
 * usage, which the parser has told already.
 */
export async function runProgram(program: Command, argv: string[]): Promise<0 | 1 | 2> {
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printError(messageOf(error));
    return 1;
  }
}

/** What nobody planned comes with where it happened; all else is a message for the reader. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const planned =
    error instanceof CommandFailed ||
    error instanceof ApiError ||
    error instanceof SettingsError ||
    error.name === 'LocalStackError';
  return planned ? error.message : (error.stack ?? error.message);
}
