import { Command, InvalidArgumentError, Option } from 'commander';
import { resolve } from 'node:path';
import { print, printJson } from '../../src/terminal/print.js';
import { runProgram } from '../../src/cli/runGavel.js';
import { showProgress } from '../../src/terminal/showProgress.js';
import { onStopRequest } from '../../src/terminal/stopRequest.js';
import { describeOverload } from './describeOverload.js';
import { describeReport } from './describeReport.js';
import type { Run } from './onServers.js';
import { runBench } from './runBench.js';
import { runOverload } from './overload.js';

interface Options {
  leads?: number;
  repeat?: number;
  concurrency: number[];
  quick: boolean;
  profile?: string;
  overload: boolean;
  seconds: number;
  json: boolean;
}

/** `npm run bench` */
const program = new Command('bench')
  .description('measure the cost of a lead, compared with an empty workflow and with the plain way')
  .option(
    '--leads <count>',
    'number of leads of each kind at each concurrency and repetition (200; quick: 24)',
    count,
  )
  .option('--repeat <times>', 'number of repetitions (3; quick: 1)', count)
  .option('--concurrency <list>', 'number of leads at a time', counts, [1, 8, 32])
  .option('--quick', 'run a short version of under a minute', false)
  .option('--profile <folder>', 'write CPU profiles of the API and the worker to this folder')
  .addOption(
    new Option('--overload', 'send the API three times its capacity instead, and measure the outcome')
      .default(false)
      .conflicts(['leads', 'repeat', 'concurrency', 'quick', 'profile']),
  )
  .option('--seconds <count>', 'with --overload: duration', count, 60)
  .option('--json', 'print the figures as JSON', false)
  .exitOverride()
  .showHelpAfterError('Add --help for usage.')
  .action(bench);

async function bench(options: Options): Promise<void> {
  const shown = showProgress();
  let kill: () => void = () => undefined;
  const stop = onStopRequest(() => {
    kill();
    process.exit(130);
  });
  const run = { progress: shown.progress, signal: stop.signal, onKill: (now: () => void) => (kill = now) };
  try {
    const measured = options.overload ? await overload(options, run) : await costs(options, run);
    shown.done();
    if (measured === undefined) process.exit(130);
    if (options.json) printJson(measured.report);
    else print(measured.described());
  } finally {
    shown.done();
    stop.dispose();
  }
}

async function costs({ quick, leads, repeat, concurrency, profile }: Options, run: Run) {
  const report = await runBench({
    ...run,
    leads: leads ?? (quick ? 24 : 200),
    repeat: repeat ?? (quick ? 1 : 3),
    concurrency,
    ...(profile !== undefined && { profile: resolve(profile) }),
  });
  return report && { report, described: () => describeReport(report) };
}

async function overload({ seconds }: Options, run: Run) {
  const report = await runOverload({ ...run, seconds });
  return report && { report, described: () => describeOverload(report) };
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

function counts(text: string): number[] {
  return text.split(',').map(count);
}

process.exitCode = await runProgram(program, process.argv);
