#!/usr/bin/env node
import { runGavel } from './runGavel.js';

// Whoever reads the output may stop reading (`gavel keys list | head -1`); that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runGavel(process.argv);
