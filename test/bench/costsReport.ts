import { aimsSection, rounded, spread, type Section } from './tables.js';
import { atLeast, atMost, figure, once, percentile, sum, type Aim, type Figure } from './aims.js';
import { barChart, lineChart, type Chart } from './charts.js';
import type { Case, Measurement } from './costs.js';
import type { Counted, RoundTrips } from './count.js';
import { QUICK_MS, SHAPE_NAMES } from './market.js';
import { machine, type Machine } from './usage.js';
import { WAYS, type WayName } from './ways.js';

const isDone = ({ result }: Measurement['pieces'][number]): boolean =>
  result.failed === undefined && result.sold !== false;
const isAnswered = ({ result }: Measurement['pieces'][number]): boolean => result.failed === undefined;
const ms = ({ pieces }: Measurement): number[] => pieces.filter(isDone).map((piece) => piece.ms);

/** Figures of a case: leads sold (or empty workflows answered) a second, and their times, ms. */
const MEASURES = {
  per_second: ({ pieces, seconds }: Measurement) => pieces.filter(isDone).length / seconds,
  p50_ms: (one: Measurement) => percentile(ms(one), 50),
  p95_ms: (one: Measurement) => percentile(ms(one), 95),
  p99_ms: (one: Measurement) => percentile(ms(one), 99),
};

export type Measure = keyof typeof MEASURES;
type Figures = Record<Measure, Figure>;

/** A case over all repetitions. */
export interface Measured extends Case, Figures {
  /** Accepted and not sold when answered. */
  unsold: number;
  /** Refused, or failed. */
  failed: number;
  /** The most frequent reason of failures. */
  failed_for?: string;
  /** Leads that had not ended when the next measurement began. */
  open: number;
  /** The same figures as multiples of the floor's, at the same concurrency in the same repetition. */
  to_floor: Figures;
  /** As multiples of the usual lead's, likewise. */
  to_usual: Figures;
  /** CPU time by group of processes for one lead that was answered, ms. */
  cpu_ms: Record<string, Figure>;
  /** CPU cores that were busy with the bench, and with the machine's other programs. */
  cores: Figure;
  others_cores: Figure;
  workflow_tasks: Figure;
  events: Figure;
  history_bytes: Figure;
}

/** The JSON output of the bench. */
export interface CostsReport {
  machine: Machine;
  measured: Measured[];
  counted: Partial<Counted>;
  aims: Aim[];
  /** Why the run ended early. */
  ended?: string;
}

const isSame = (a: Case) => (b: Case) =>
  a.way === b.way && a.shape === b.shape && a.concurrency === b.concurrency;

export function costsReport(all: Measurement[], counted: Partial<Counted>, ended?: string): CostsReport {
  const measured = all.filter(({ repetition }) => repetition === 1).map((one) => measuredOf(one, all));
  return { machine: machine(), measured, counted, aims: aims(all, measured, counted), ended };
}

function measuredOf({ way, shape, concurrency }: Case, all: Measurement[]): Measured {
  const repetitions = all.filter(isSame({ way, shape, concurrency }));
  const each = (of: (one: Measurement) => number): Figure => figure(repetitions.map(of));
  const figures = (of: (measure: Measure, one: Measurement) => number): Figures => ({
    per_second: each((one) => of('per_second', one)),
    p50_ms: each((one) => of('p50_ms', one)),
    p95_ms: each((one) => of('p95_ms', one)),
    p99_ms: each((one) => of('p99_ms', one)),
  });
  const results = repetitions.flatMap(({ pieces }) => pieces.map(({ result }) => result));
  const histories = repetitions.flatMap((one) => one.histories);
  const cores = (milliseconds: number, { seconds }: Measurement): number => milliseconds / 1000 / seconds;
  return {
    ...{ way, shape, concurrency },
    unsold: results.filter(({ sold }) => sold === false).length,
    failed: results.filter(({ failed }) => failed !== undefined).length,
    failed_for: mostFrequent(results.flatMap(({ failed }) => failed ?? [])),
    open: sum(repetitions.map(({ open }) => open)),
    ...figures((measure, one) => MEASURES[measure](one)),
    to_floor: figures(
      (measure, one) => MEASURES[measure](one) / MEASURES[measure](beside(one, 'floor', all)),
    ),
    to_usual: figures((measure, one) => MEASURES[measure](one) / MEASURES[measure](beside(one, 'lead', all))),
    cpu_ms: Object.fromEntries(
      Object.keys(repetitions[0]?.cpu.processes ?? {}).map((name) => [
        name,
        each(({ cpu, pieces }) => (cpu.processes[name] ?? 0) / pieces.filter(isAnswered).length),
      ]),
    ),
    cores: each((one) => cores(sum(Object.values(one.cpu.processes)), one)),
    others_cores: each((one) => cores(one.cpu.others, one)),
    workflow_tasks: figure(histories.map(({ workflowTasks }) => workflowTasks)),
    events: figure(histories.map(({ events }) => events)),
    history_bytes: figure(histories.map(({ bytes }) => bytes)),
  };
}

function mostFrequent(texts: string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Stands for a measurement that is missing in a run that ended early. */
const NONE: Measurement = {
  ...{ way: 'floor', shape: 'usual', concurrency: 0, repetition: 0, seconds: NaN, pieces: [] },
  ...{ cpu: { processes: {}, others: NaN }, open: 0, histories: [] },
};

/** The measurement of a way in the same repetition at the same concurrency. */
const beside = (one: Measurement, way: WayName, all: Measurement[]): Measurement =>
  all.find(
    (other) => isSame({ ...one, way, shape: 'usual' })(other) && other.repetition === one.repetition,
  ) ?? NONE;

/** Concurrencies for the aims on time: alone, at full load, and beyond it. */
const [ALONE, SOME, FULL, BEYOND] = [1, 8, 32, 64];

/** The limits for a lead sold in its first round (docs/performance.md explains them). */
function aims(all: Measurement[], measured: Measured[], { usual, limits }: Partial<Counted>): Aim[] {
  const leads = (concurrency: number) => all.filter(isSame({ way: 'lead', shape: 'usual', concurrency }));
  const [alone, full] = [leads(ALONE), leads(FULL)];
  const perSecond = (one: Measurement, other: Measurement): number =>
    MEASURES.per_second(one) / MEASURES.per_second(other);
  const to = (way: WayName) => (one: Measurement) => perSecond(one, beside(one, way, all));
  const lead = measured.find(isSame({ way: 'lead', shape: 'usual', concurrency: ALONE }));
  const atFull = measured.find(isSame({ way: 'lead', shape: 'usual', concurrency: FULL }));
  const cpu = (limit: number, name: string): Aim[] =>
    atFull === undefined
      ? []
      : [atMost(limit, `CPU of a lead at ${FULL}, ms: ${name}`, atFull.cpu_ms[name] ?? once(NaN))];
  const beyond = leads(BEYOND).flatMap((one) => {
    const some = leads(SOME).find(({ repetition }) => repetition === one.repetition);
    return some === undefined ? [] : [perSecond(one, some)];
  });
  const refused = measured.filter(({ way, shape }) => way === 'lead' && shape !== 'mixed buyers');
  return [
    ...known(alone, (ones) =>
      atMost(
        1.6,
        'p50 alone, minus the buyers’ own time, to the floor’s',
        figure(
          ones.map(
            (one) => (MEASURES.p50_ms(one) - 2 * QUICK_MS) / MEASURES.p50_ms(beside(one, 'floor', all)),
          ),
        ),
      ),
    ),
    ...known(full, (ones) =>
      atLeast(0.7, `leads/s at ${FULL} to the floor’s`, figure(ones.map(to('floor')))),
    ),
    ...known(full, (ones) =>
      atLeast(3, `leads/s at ${FULL} to the plain way’s`, figure(ones.map(to('plain')))),
    ),
    ...known(beyond, (ratios) => atLeast(1, `leads/s at ${BEYOND} to those at ${SOME}`, figure(ratios))),
    ...known(all.filter(isSame({ way: 'lead', shape: 'template buyers', concurrency: FULL })), (ones) =>
      atMost(
        1.2,
        `cost of a lead through template buyers at ${FULL}, to the usual lead’s`,
        figure(ones.map((one) => perSecond(beside(one, 'lead', all), one))),
      ),
    ),
    atMost(0, 'leads refused or failed, all measurements', once(sum(refused.map(({ failed }) => failed)))),
    ...cpu(18, 'Gavel'),
    ...cpu(8, 'database'),
    ...cpu(14, 'Temporal'),
    ...(usual === undefined
      ? []
      : [
          atMost(5, 'MongoDB round trips of a lead, without limits', once(usual.mongodb.own)),
          atMost(1, 'Redis round trips of a lead', once(usual.redis.own)),
        ]),
    ...(limits === undefined
      ? []
      : [atMost(6, 'MongoDB round trips of a lead, with limits', once(limits.mongodb.own))]),
    ...(lead === undefined
      ? []
      : [
          atMost(1, 'workflow tasks of a lead', once(lead.workflow_tasks.most)),
          atMost(8, 'history events of a lead', once(lead.events.most)),
          atMost(3072, 'history of a lead, bytes', once(lead.history_bytes.most)),
        ]),
  ];
}

/** Omits aims for what was not measured. */
const known = <T>(ones: T[], aim: (ones: T[]) => Aim): Aim[] => (ones.length === 0 ? [] : [aim(ones)]);

const NAMES: Record<WayName, string> = {
  floor: 'floor: empty workflow',
  lead: 'lead',
  plain: 'plain way',
};

const nameOf = ({ way, shape }: Case): string => (shape === 'usual' ? NAMES[way] : `lead: ${shape}`);

/** The figures as tables. */
export function costsSections({ measured, counted, aims: aimed, machine: { cpus } }: CostsReport): Section[] {
  const usual = measured.filter(({ shape }) => shape === 'usual');
  const varied = measured.filter(({ shape }) => shape !== 'usual');
  return [
    { title: 'Time, each figure also as a multiple of the floor’s', rows: times(usual, 'to_floor') },
    ...(varied.length === 0
      ? []
      : [
          {
            title: 'Other terms, each figure also as a multiple of the usual lead’s',
            rows: times(varied, 'to_usual'),
          },
        ]),
    { title: `CPU of one lead, ms, and busy cores of ${cpus}`, rows: cpuRows(measured, cpus) },
    {
      title: 'Temporal',
      rows: histories(
        usual.filter(({ concurrency }, i) => concurrency === usual[0]?.concurrency && i < WAYS.length),
      ),
    },
    ...trips(counted),
    aimsSection(aimed),
    ...failures(measured),
  ];
}

function times(measured: Measured[], relative: 'to_floor' | 'to_usual'): string[][] {
  const both = (one: Measured, measure: Measure): string[] => [
    rounded(one[measure].median),
    one.way === 'floor' ? '' : spread(one[relative][measure]),
  ];
  return [
    ['at a time', 'what', 'a second', '×', 'p50 ms', '×', 'p95 ms', '×', 'p99 ms', '×'],
    ...measured.map((one) => [
      String(one.concurrency),
      nameOf(one),
      ...both(one, 'per_second'),
      ...both(one, 'p50_ms'),
      ...both(one, 'p95_ms'),
      ...both(one, 'p99_ms'),
    ]),
  ];
}

function cpuRows(measured: Measured[], cpus: number): string[][] {
  const groups = Object.keys(measured[0]?.cpu_ms ?? {});
  return [
    ['at a time', 'what', ...groups, 'busy cores', 'other programs', 'limited by'],
    ...measured.map((one) => [
      String(one.concurrency),
      nameOf(one),
      ...groups.map((group) => rounded(one.cpu_ms[group]?.median ?? NaN)),
      rounded(one.cores.median),
      rounded(one.others_cores.median),
      limitOf(one, cpus),
    ]),
  ];
}

/** Above this share of the cores, the machine is the limit. */
const SATURATED = 0.9;

/** What limits a case: the machine, or the time of the steps that follow one another. */
function limitOf({ cores, others_cores, cpu_ms }: Measured, cpus: number): string {
  if (cores.median + others_cores.median < SATURATED * cpus) return 'waiting';
  if (others_cores.median > cores.median) return 'other programs';
  const [largest = ''] = Object.entries(cpu_ms).sort(([, a], [, b]) => b.median - a.median)[0] ?? [];
  return `CPU, most of it ${largest}`;
}

const histories = (measured: Measured[]): string[][] => [
  ['what', 'workflow tasks', 'history events', 'history bytes'],
  ...measured.map((one) => [
    nameOf(one),
    spread(one.workflow_tasks),
    spread(one.events),
    spread(one.history_bytes),
  ]),
];

function trips(counted: Partial<Counted>): Section[] {
  const rows = (['usual', 'limits'] as const).flatMap((shape) => {
    const { mongodb, redis } = counted[shape] ?? {};
    const row = (server: string, of: RoundTrips | undefined): string[][] =>
      of === undefined
        ? []
        : [
            [
              shape,
              server,
              rounded(of.own),
              rounded(of.per_lead),
              rounded(of.after_pause),
              Object.entries(of.commands)
                .map(([command, count]) => `${command} ${rounded(count)}`)
                .join(', '),
            ],
          ];
    return [...row('MongoDB', mongodb), ...row('Redis', redis)];
  });
  const head = ['lead', 'server', 'of its own', 'all, by lead', 'after a pause', 'all, by lead and command'];
  return rows.length === 0
    ? []
    : [{ title: 'Round trips of leads sold one after another', rows: [head, ...rows] }];
}

function failures(measured: Measured[]): Section[] {
  const rows = measured
    .filter(({ unsold, failed, open }) => unsold + failed + open > 0)
    .map((one) => [
      String(one.concurrency),
      nameOf(one),
      String(one.unsold),
      String(one.failed),
      String(one.open),
      (one.failed_for ?? '').slice(0, 80),
    ]);
  const head = [
    'at a time',
    'what',
    'not sold when answered',
    'refused or failed',
    'open 10 s later',
    'most with',
  ];
  return rows.length === 0 ? [] : [{ title: 'Not sold', rows: [head, ...rows] }];
}

/** The charts, by the end of their files' names. */
export function costsCharts({ measured }: CostsReport): Record<string, Chart> {
  const usual = measured.filter(({ shape }) => shape === 'usual');
  const levels = [...new Set(usual.map(({ concurrency }) => concurrency))];
  const names = WAYS.map((way) => NAMES[way]);
  const of = (way: WayName, concurrency: number): Measured | undefined =>
    usual.find(isSame({ way, shape: 'usual', concurrency }));
  const by = (measure: Measure) =>
    levels.map((at) => ({
      label: `${at} at a time`,
      values: WAYS.map((way) => of(way, at)?.[measure].median ?? NaN),
    }));
  const highest = Math.max(...levels.filter((at) => at <= FULL));
  const groups = Object.keys(measured[0]?.cpu_ms ?? {});
  const shaped = SHAPE_NAMES.flatMap(
    (shape) => measured.find(isSame({ way: 'lead', shape, concurrency: FULL })) ?? [],
  );
  return {
    throughput: barChart({ title: 'Throughput', unit: 'a second', names, groups: by('per_second') }),
    latency: barChart({ title: 'Median time', unit: 'ms', names, groups: by('p50_ms') }),
    cpu: barChart({
      ...{ title: `CPU time of one at ${highest} at a time`, unit: 'ms', names: groups, stacked: true },
      groups: WAYS.map((way) => ({
        label: NAMES[way],
        values: groups.map((group) => of(way, highest)?.cpu_ms[group]?.median ?? NaN),
      })),
    }),
    tail: lineChart({
      ...{ title: 'Times of leads by concurrency', unit: 'ms', across: 'leads at a time' },
      lines: (['p50_ms', 'p95_ms', 'p99_ms'] as const).map((measure) => ({
        name: measure.replace('_ms', ''),
        points: levels.map((at): [number, number] => [at, of('lead', at)?.[measure].median ?? 0]),
      })),
    }),
    ...(shaped.length > 1 && {
      terms: barChart({
        ...{
          title: `Leads with other terms, ${FULL} at a time`,
          unit: 'a second',
          names: ['leads a second'],
        },
        groups: shaped.map((one) => ({ label: one.shape, values: [one.per_second.median] })),
      }),
    }),
  };
}
