import { Command, InvalidArgumentError } from 'commander';
import { print, printJson } from '../../../src/terminal/print.js';
import { runProgram } from '../../../src/cli/runGavel.js';
import { CommandFailed } from '../../../src/terminal/commandFailed.js';
import { showProgress } from '../../../src/terminal/showProgress.js';
import { onStopRequest } from '../../../src/terminal/stopRequest.js';
import { describeTorture, report } from './report.js';
import { isBroken, runTorture } from './runTorture.js';

interface Options {
  minutes: number;
  seed: number;
  rate: number;
  settle: number;
  cluster: boolean;
  json: boolean;
}

/** `npm run torture` */
const program = new Command('torture')
  .description('inject faults while leads are sold, then check that no lead was lost or sold twice')
  .option('--minutes <count>', 'duration of sending and fault injection', number, 15)
  .option('--seed <number>', 'seed of the plan of leads, faults and buyers’ behaviour', number, 1)
  .option('--rate <leads>', 'leads per second', number, 2)
  .option('--settle <minutes>', 'timeout for all leads to end afterwards', number, 6)
  .option('--cluster', 'run Temporal on PostgreSQL with 4 history shards (needs Go and PostgreSQL)', false)
  .option('--json', 'print the figures as JSON', false)
  .exitOverride()
  .showHelpAfterError('Add --help to see how it is used.')
  .action(torture);

async function torture({ minutes, seed, rate, settle, cluster, json }: Options): Promise<void> {
  const shown = showProgress();
  const stop = onStopRequest(() => process.exit(130));
  try {
    const result = await runTorture({
      seed,
      seconds: Math.round(minutes * 60),
      leadsPerSecond: rate,
      cluster,
      settleWithinMs: settle * 60_000,
      progress: shown.progress,
      signal: stop.signal,
    });
    shown.done();
    if (result === undefined) process.exit(130);
    if (json) printJson(report(result));
    else print(describeTorture(result));
    if (isBroken(result)) throw new CommandFailed(`An invariant was violated with seed ${seed}.`);
  } finally {
    shown.done();
    stop.dispose();
  }
}

function number(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Enter a number above 0.');
}

process.exitCode = await runProgram(program, process.argv);
