import { Command, InvalidArgumentError, Option } from 'commander';
import { resolve } from 'node:path';
import { print, printError, printJson } from '../../src/terminal/print.js';
import { runProgram } from '../../src/cli/runGavel.js';
import { showProgress } from '../../src/terminal/showProgress.js';
import { onStopRequest } from '../../src/terminal/stopRequest.js';
import { burstCharts, burstSections, runBurst } from './burst.js';
import type { Chart } from './charts.js';
import { runCluster } from './cluster.js';
import { clusterSections } from './clusterReport.js';
import { FULL, NATIVE, QUICK, runCosts, TEMPLATES } from './costs.js';
import { costsCharts, costsSections } from './costsReport.js';
import { growthCharts, growthSections, MANY, PERSONS, runGrowth, type Growth } from './growth.js';
import { SHAPE_NAMES, type ShapeName } from './market.js';
import { nativeDatabase } from './nativeDatabase.js';
import type { Run } from './onServers.js';
import { runOverload } from './overload.js';
import { overloadCharts, overloadSections } from './overloadReport.js';
import { writeFigures } from './performancePage.js';
import { runSleeping, sleepingCharts, sleepingSections } from './sleeping.js';
import { runSoak, soakCharts, soakSections } from './soak.js';
import { asText, type Section } from './tables.js';
import type { Machine } from './usage.js';

interface Options {
  seconds?: number;
  repeat?: number;
  concurrency?: number[];
  shapes?: ShapeName[];
  profile?: string;
  overload?: boolean;
  burst?: boolean;
  soak?: number;
  persons?: boolean;
  many?: boolean;
  sleeping?: boolean;
  cluster?: boolean;
  templates?: boolean;
  native?: boolean;
  leads?: number;
  quick: boolean;
  json: boolean;
  write: boolean;
}

const KINDS = ['overload', 'burst', 'soak', 'persons', 'many', 'sleeping', 'cluster', 'templates', 'native'];
const kind = (flags: string, description: string): Option =>
  new Option(flags, description).conflicts([
    ...KINDS.filter((name) => !flags.startsWith(`--${name}`)),
    ...['concurrency', 'shapes', 'profile'],
  ]);

/** `npm run bench` */
const program = new Command('bench')
  .description('measure the cost of a lead, compared with an empty workflow and with the plain way')
  .option(
    '--seconds <count>',
    'duration of each measurement (10; quick: 2), or of the flood (120; quick: 15)',
    count,
  )
  .option('--repeat <times>', 'number of repetitions, whose median counts (3; quick: 1)', count)
  .option('--concurrency <list>', 'number of leads at a time (1,8,32,64; quick: 1,8,32)', counts)
  .option('--shapes <list>', `kinds of leads (all; quick: usual): ${SHAPE_NAMES.join(', ')}`, shapes)
  .option('--profile <folder>', 'write CPU profiles of Gavel’s processes to this folder')
  .addOption(kind('--overload', 'send three times the capacity instead'))
  .addOption(kind('--burst', 'send 200 leads at once instead'))
  .addOption(kind('--soak <minutes>', 'send half the capacity for a long time instead').argParser(count))
  .addOption(kind('--persons', 'send 5,500 leads with the same placeholder e-mail address instead'))
  .addOption(
    kind('--templates', 'compare buyers with a protocol of their own with buyers that speak Gavel’s instead'),
  )
  .addOption(
    kind('--native', 'use a database server in Rust instead (secantusd-rs, see docs/performance.md)'),
  )
  .addOption(
    kind('--sleeping', 'let 100,000 leads wait instead, and wake 10,000 of them by a change of the market'),
  )
  .addOption(kind('--many', 'send 51,000 leads instead, and compare the last with the first'))
  .addOption(
    kind(
      '--cluster',
      'compare two processes with one, on Temporal with PostgreSQL (needs Go and PostgreSQL)',
    ),
  )
  .option('--leads <count>', 'with --burst, --persons, --many or --sleeping: number of leads', count)
  .option('--quick', 'run a short version of about a minute', false)
  .option('--write', 'write figures and charts into docs/performance.md', false)
  .option('--json', 'print the figures as JSON', false)
  .exitOverride()
  .showHelpAfterError('Add --help for usage.')
  .action(bench);

/** The outcome of a run: the JSON, and how to show it. */
interface Outcome {
  kind: string;
  report: { machine: Machine; ended?: string };
  sections: Section[];
  charts: Record<string, Chart>;
}

async function bench(options: Options): Promise<void> {
  const shown = showProgress();
  let kill: () => void = () => undefined;
  const stop = onStopRequest(() => {
    kill();
    process.exit(130);
  });
  const run = { progress: shown.progress, signal: stop.signal, onKill: (now: () => void) => (kill = now) };
  try {
    const outcome = await measure(options, run);
    shown.done();
    if (outcome === undefined) process.exit(130);
    const { report, sections, charts } = outcome;
    if (options.json) printJson(report);
    else print(asText(sections));
    if (report.ended !== undefined) {
      printError(`\nThe figures are not complete: ${report.ended}`);
      process.exit(stop.signal.aborted ? 130 : 1);
    }
    if (options.write) writeFigures({ ...outcome, machine: report.machine, charts });
  } finally {
    shown.done();
    stop.dispose();
  }
}

function measure(options: Options, run: Run): Promise<Outcome | undefined> {
  const { quick } = options;
  const leads = quick ? QUICK.warmUp : FULL.warmUp;
  if (options.overload) {
    const seconds = options.seconds ?? (quick ? 15 : 120);
    return outcome('overload', runOverload({ ...run, leads, seconds }), overloadSections, overloadCharts);
  }
  if (options.burst) {
    const repeat = options.repeat ?? (quick ? 1 : 3);
    const burst = { ...run, leads, repeat, size: options.leads ?? 200 };
    return outcome('burst', runBurst(burst), burstSections, burstCharts);
  }
  if (options.soak !== undefined) {
    return outcome('soak', runSoak({ ...run, leads, minutes: options.soak }), soakSections, soakCharts);
  }
  if (options.sleeping) {
    const waiting = options.leads ?? (quick ? 2000 : 100_000);
    return outcome('sleeping', runSleeping({ ...run, leads, waiting }), sleepingSections, sleepingCharts);
  }
  if (options.persons) return growing('persons', PERSONS);
  if (options.many) return growing('many', MANY);
  const { seconds, repeat, concurrency, shapes: names, profile } = options;
  const base = quick ? QUICK : FULL;
  if (options.cluster) {
    const cluster = { leads, seconds: seconds ?? base.seconds, repeat: repeat ?? base.repeat };
    return outcome('cluster', runCluster({ ...run, ...cluster }), clusterSections, () => ({}));
  }
  const plan = {
    ...base,
    seconds: seconds ?? base.seconds,
    repeat: repeat ?? base.repeat,
    concurrency: options.templates ? TEMPLATES.concurrency : (concurrency ?? base.concurrency),
    shapes: options.templates ? TEMPLATES.shapes : (names ?? base.shapes),
    profile: profile === undefined ? undefined : resolve(profile),
  };
  if (options.native) {
    const costs = { ...run, ...plan, ...NATIVE, replaced: nativeDatabase };
    return outcome('native', runCosts(costs), costsSections, () => ({}));
  }
  return outcome('costs', runCosts({ ...run, ...plan }), costsSections, costsCharts);

  function growing(name: string, whole: Growth): Promise<Outcome | undefined> {
    const part = quick ? { leads: whole.leads / 50, measured: whole.measured / 10 } : {};
    const growth = { ...whole, ...part, ...(options.leads === undefined ? {} : { leads: options.leads }) };
    return outcome(name, runGrowth({ ...run, leads, growth }), growthSections, growthCharts(name));
  }
}

async function outcome<R extends { machine: Machine }>(
  name: string,
  running: Promise<R | undefined>,
  sections: (report: R) => Section[],
  charts: (report: R) => Record<string, Chart>,
): Promise<Outcome | undefined> {
  const report = await running;
  return report && { kind: name, report, sections: sections(report), charts: charts(report) };
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

function counts(text: string): number[] {
  return text.split(',').map(count);
}

function shapes(text: string): ShapeName[] {
  return text.split(',').map((name) => {
    const known = SHAPE_NAMES.find((one) => one === name.trim());
    if (known === undefined) throw new InvalidArgumentError(`It must be of ${SHAPE_NAMES.join(', ')}.`);
    return known;
  });
}

process.exitCode = await runProgram(program, process.argv);
