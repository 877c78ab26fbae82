import { CommanderError, type Command } from 'commander';
import { OperationError } from '../operations/operationError.js';
import { SettingsError } from '../config.js';
import { CommandFailed, type FailureCode } from '../terminal/commandFailed.js';
import { printError } from '../terminal/print.js';
import { gavelProgram } from './program.js';

type ExitCode = 0 | 2 | FailureCode;

export const runGavel = async (argv: string[]): Promise<ExitCode> =>
  runProgram(await gavelProgram(argv.slice(2)), argv);

/**
 * Runs one command line. Resolves with the exit code: 0 done, 2 wrong usage, which the parser has reported already, and
 * 1 or what the command says for a failure, with one message on standard error.
 */
export async function runProgram(program: Command, argv: string[]): Promise<ExitCode> {
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printError(messageOf(error));
    return error instanceof CommandFailed ? error.exitCode : 1;
  }
}

/** What nobody planned comes with where it happened; all else is a message for the reader. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const planned =
    error instanceof CommandFailed ||
    error instanceof OperationError ||
    error instanceof SettingsError ||
    error.name === 'LocalStackError';
  return planned ? error.message : (error.stack ?? error.message);
}
