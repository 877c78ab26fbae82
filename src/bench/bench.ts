import { Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { print, printJson } from '../cli/print.js';
import { runProgram } from '../cli/runGavel.js';
import { showProgress } from '../local/showProgress.js';
import { onStopRequest } from '../local/stopRequest.js';
import { describeReport } from './describeReport.js';
import { runBench } from './runBench.js';

interface Options {
  leads?: number;
  repeat?: number;
  concurrency: number[];
  quick: boolean;
  profile?: string;
  json: boolean;
}

/** `npm run bench` */
const program = new Command('bench')
  .description('measure what a lead costs against an empty workflow and against the plain way')
  .option('--leads <count>', 'so many of each kind at each concurrency, each time (200; quick: 24)', count)
  .option('--repeat <times>', 'so many times (3; quick: 1)', count)
  .option('--concurrency <list>', 'how many at a time', counts, [1, 8, 32])
  .option('--quick', 'the short form: under a minute, for a first look', false)
  .option('--profile <folder>', 'write CPU profiles of the API and the worker there')
  .option('--json', 'print the figures as JSON', false)
  .exitOverride()
  .showHelpAfterError('Add --help to see how it is used.')
  .action(bench);

async function bench({ quick, leads, repeat, concurrency, profile, json }: Options): Promise<void> {
  const shown = showProgress();
  let kill: () => void = () => undefined;
  const stop = onStopRequest(() => {
    kill();
    process.exit(130);
  });
  try {
    const report = await runBench({
      leads: leads ?? (quick ? 24 : 200),
      repeat: repeat ?? (quick ? 1 : 3),
      concurrency,
      ...(profile !== undefined && { profile: resolve(profile) }),
      progress: shown.progress,
      signal: stop.signal,
      onKill: (now) => (kill = now),
    });
    shown.done();
    if (report === undefined) process.exit(130);
    if (json) printJson(report);
    else print(describeReport(report));
  } finally {
    shown.done();
    stop.dispose();
  }
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number, 1 or more.');
}

function counts(text: string): number[] {
  return text.split(',').map(count);
}

process.exitCode = await runProgram(program, process.argv);
