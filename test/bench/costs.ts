import { countRoundTrips, type Counted } from './count.js';
import { costsReport, type CostsReport } from './costsReport.js';
import { untilSettled } from './kept.js';
import { load, loadFor, type Piece } from './load.js';
import { SHAPE_NAMES, type ShapeName } from './market.js';
import type { Run } from './onServers.js';
import { cpuFromNow, type Cpu } from './usage.js';
import { openWays, WAYS, type Done, type History, type WayName, type Ways } from './ways.js';
import { LONG_WINDOW_MS, startBenchWorker, startProduct, watchedIn, withWorld, type World } from './world.js';

/** A way with a kind of lead at a concurrency. */
export interface Case {
  way: WayName;
  shape: ShapeName;
  concurrency: number;
}

/** One measurement of a case. */
export interface Measurement extends Case {
  repetition: number;
  seconds: number;
  pieces: Piece<Done>[];
  /** CPU time by group of processes, and of the machine's other programs, ms. */
  cpu: Cpu;
  /** Leads that had not ended when the next measurement began. */
  open: number;
  /** Histories of some of the workflows. */
  histories: History[];
}

export interface Plan {
  /** Duration of each measurement. */
  seconds: number;
  concurrency: readonly number[];
  shapes: readonly ShapeName[];
  repeat: number;
  /** Number of leads by each way before the first measurement. */
  warmUp: number;
  /** Number of leads whose round trips are counted, for each of the two counts. */
  counted: number;
}

export interface CostsOptions extends Plan, Run {
  /** Writes CPU profiles of Gavel's processes into this folder. */
  profile?: string;
}

/** At these concurrencies the other shapes are measured too. */
export const VARIED_AT: readonly number[] = [1, 32];

/** The cases of a repetition. Compared cases follow one another, so that other load affects all of them. */
export const casesOf = ({ concurrency, shapes }: Pick<Plan, 'concurrency' | 'shapes'>): Case[] =>
  concurrency.flatMap((at) => [
    ...WAYS.map((way): Case => ({ way, shape: 'usual', concurrency: at })),
    ...shapes
      .filter((shape) => shape !== 'usual' && VARIED_AT.includes(at))
      .map((shape): Case => ({ way: 'lead', shape, concurrency: at })),
  ]);

/**
 * Measures the cost of a lead. If the run is aborted or a process ends by itself, the report has what was measured until
 * then, and why it ends; undefined if that is nothing.
 */
export async function runCosts(options: CostsOptions): Promise<CostsReport | undefined> {
  const seen: { measurements: Measurement[]; counted: Partial<Counted> } = { measurements: [], counted: {} };
  let ended: string | undefined;
  try {
    const all = await withWorld(options, { answerWindowMs: LONG_WINDOW_MS }, async (world) => {
      await measureAll(world, options, seen);
      return true;
    });
    if (all !== true) ended = 'The run was aborted.';
  } catch (error) {
    if (seen.measurements.length === 0) throw error;
    ended = error instanceof Error ? error.message : String(error);
  }
  return seen.measurements.length === 0 ? undefined : costsReport(seen.measurements, seen.counted, ended);
}

async function measureAll(
  world: World,
  { progress, profile, ...plan }: CostsOptions,
  seen: { measurements: Measurement[]; counted: Partial<Counted> },
): Promise<void> {
  progress('starting workers');
  await startBenchWorker(world);
  const countTrips = async (shape: ShapeName) => {
    progress(`counting round trips: ${shape}`);
    return countRoundTrips(world, shape, plan.counted);
  };
  seen.counted.usual = await countTrips('usual');
  if (plan.shapes.includes('limits')) seen.counted.limits = await countTrips('limits');
  progress('starting Gavel');
  const flags = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
  const product = await startProduct(world, flags);
  const ways = openWays(world, product);
  try {
    for (const way of WAYS) {
      progress(`warming up: ${way}`);
      await load(plan.warmUp, WARM_UP_AT, () => ways.go(way, 'usual'));
    }
    const cases = casesOf(plan);
    for (let repetition = 1; repetition <= plan.repeat; repetition++) {
      for (const one of cases) {
        const step = `${seen.measurements.length + 1} of ${plan.repeat * cases.length}`;
        progress(`measuring ${step}: ${one.way}, ${one.shape}, ${one.concurrency} at a time`);
        const measured = await measureCase(world, ways, one, plan.seconds);
        seen.measurements.push({ ...measured, ...one, repetition });
      }
    }
  } finally {
    await ways.close();
  }
}

async function measureCase(
  world: World,
  { go, historyOf }: Ways,
  { way, shape, concurrency }: Case,
  seconds: number,
): Promise<Omit<Measurement, keyof Case | 'repetition'>> {
  const since = Date.now();
  const { seen: cpu, ...done } = await loadFor({
    ...{ seconds, concurrency },
    work: () => go(way, shape),
    watch: () => cpuFromNow(watchedIn(world)),
  });
  const begun = done.pieces.flatMap(({ result }) => (result.sold === false ? [] : (result.workflowId ?? [])));
  const histories = await Promise.all(begun.slice(0, HISTORIES).map(historyOf));
  const open = await openAfter(world, since);
  return { ...done, cpu, open, histories: histories.filter((history) => history !== undefined) };
}

const WARM_UP_AT = 8;

/** Number of histories read for each measurement. */
const HISTORIES = 5;

/** Waits for leads that were answered before their end, so that they don't burden the next measurement. */
const openAfter = async ({ database }: World, since: number): Promise<number> =>
  (await untilSettled(database, { withinS: 10, since })).open;

/** The defaults of `npm run bench`, and of a quick run. */
export const FULL: Plan = {
  ...{ seconds: 10, repeat: 3, warmUp: 500, counted: 30 },
  ...{ concurrency: [1, 8, 32, 64], shapes: SHAPE_NAMES },
};
export const QUICK: Plan = {
  ...{ seconds: 2, repeat: 1, warmUp: 60, counted: 5 },
  ...{ concurrency: [1, 8, 32], shapes: ['usual'] },
};

/** What `--templates` measures. */
export const TEMPLATES: Pick<Plan, 'concurrency' | 'shapes'> = {
  concurrency: [32],
  shapes: ['usual', 'template buyers'],
};

/** What `--native` measures. */
export const NATIVE: Pick<Plan, 'concurrency' | 'shapes'> = {
  concurrency: [1, 8, 32, 64],
  shapes: ['usual', 'limits'],
};
