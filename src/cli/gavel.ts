#!/usr/bin/env node
import { printError } from '../terminal/print.js';
import { runGavel } from './runGavel.js';

// The reader of the output may stop reading (`gavel keys list | head -1`); that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  printError(`The output can't be written: ${error.message}.`);
  process.exit(1);
});
// Without a place for messages, the exit code says it.
process.stderr.on('error', () => undefined);

process.exitCode = await runGavel(process.argv);
