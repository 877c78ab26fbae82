import { atLeast, atMost, figure, percentile, type Aim, type Figure } from './aims.js';
import type { Counted } from './count.js';
import { machine, type Machine } from './machine.js';
import { BUYER_MS } from './market.js';
import type { Measurement } from './measure.js';
import type { WayName } from './ways.js';

/** Figures of a way at one concurrency. Times in ms. */
const MEASURES = {
  per_second: ({ leads, seconds }: Measurement) => leads / seconds,
  p50_ms: ({ latencies }: Measurement) => percentile(latencies, 50),
  p95_ms: ({ latencies }: Measurement) => percentile(latencies, 95),
  p99_ms: ({ latencies }: Measurement) => percentile(latencies, 99),
};

export type Measure = keyof typeof MEASURES;
type Figures = Record<Measure, Figure>;

export interface Measured extends Figures {
  way: WayName;
  concurrency: number;
  /** All repetitions together. */
  leads: number;
  /** Accepted and not sold when answered. */
  unsold: number;
  /** Refused, or failed. */
  failed: number;
  /** The most frequent reason of failures. */
  failed_for?: string;
  /** The same as multiples of the floor's in the same repetition. */
  to_floor: Figures;
  /** CPU time of each process for one lead, ms. */
  cpu_ms: Record<string, number>;
  workflow_tasks: Figure;
  events: Figure;
}

/** The JSON output of the bench. */
export interface Report {
  machine: Machine;
  measured: Measured[];
  counted: Counted;
  aims: Aim[];
}

export function report(measurements: Measurement[], counted: Counted): Report {
  const measured: Measured[] = [];
  for (const { way, concurrency, repetition } of measurements) {
    if (repetition > 1) continue;
    const repetitions = measurements.filter((one) => one.way === way && one.concurrency === concurrency);
    measured.push(measuredOf(way, concurrency, repetitions, measurements));
  }
  return { machine: machine(), measured, counted, aims: aims(measurements, measured, counted) };
}

function measuredOf(
  way: WayName,
  concurrency: number,
  repetitions: Measurement[],
  all: Measurement[],
): Measured {
  const figures = (of: (measure: Measure, one: Measurement) => number): Figures => {
    const each = (measure: Measure) => figure(repetitions.map((one) => of(measure, one)));
    return {
      per_second: each('per_second'),
      p50_ms: each('p50_ms'),
      p95_ms: each('p95_ms'),
      p99_ms: each('p99_ms'),
    };
  };
  const leads = sum(repetitions.map((one) => one.leads));
  const histories = repetitions.flatMap((one) => one.histories);
  return {
    way,
    concurrency,
    leads,
    unsold: sum(repetitions.map(({ unsold }) => unsold)),
    failed: sum(repetitions.flatMap(({ failed }) => Object.values(failed))),
    failed_for: repetitions
      .flatMap(({ failed }) => Object.entries(failed))
      .sort(([, a], [, b]) => b - a)[0]?.[0],
    ...figures((measure, one) => MEASURES[measure](one)),
    to_floor: figures(
      (measure, one) => MEASURES[measure](one) / MEASURES[measure](beside(one, 'floor', all)),
    ),
    cpu_ms: Object.fromEntries(
      Object.keys(repetitions[0]?.cpu ?? {}).map((name) => [
        name,
        sum(repetitions.map(({ cpu }) => cpu[name] ?? 0)) / leads,
      ]),
    ),
    workflow_tasks: figure(histories.map(({ workflowTasks }) => workflowTasks)),
    events: figure(histories.map(({ events }) => events)),
  };
}

/** The measurement of another way in the same repetition at the same concurrency. */
function beside(one: Measurement, way: WayName, all: Measurement[]): Measurement {
  const found = all.find(
    (other) =>
      other.way === way && other.concurrency === one.concurrency && other.repetition === one.repetition,
  );
  if (found === undefined) throw new Error(`The ${way} was not measured at ${one.concurrency} at a time`);
  return found;
}

/** Concurrencies for the aims on time: alone, and at full load. */
const ALONE = 1;
const FULL = 32;

/** The limits for a lead sold in its first round (docs/bench.md explains them). */
function aims(all: Measurement[], measured: Measured[], { mongodb, redis }: Counted): Aim[] {
  const leads = measured.filter(({ way }) => way === 'lead');
  const most = (figures: Figure[]): Figure => figure(figures.map((one) => one.most));
  const at = (concurrency: number) =>
    all.filter((one) => one.way === 'lead' && one.concurrency === concurrency);
  const perSecond = (one: Measurement, way: WayName) =>
    MEASURES.per_second(one) / MEASURES.per_second(beside(one, way, all));
  const beyondBuyers = (one: Measurement) =>
    (MEASURES.p50_ms(one) - 2 * BUYER_MS) / MEASURES.p50_ms(beside(one, 'floor', all));
  return [
    atMost(1, 'workflow tasks of a lead', most(leads.map((one) => one.workflow_tasks))),
    atMost(12, 'history events of a lead', most(leads.map(({ events }) => events))),
    atMost(8, 'MongoDB round trips of a lead of its own', figure([mongodb.own])),
    atMost(1, 'Redis round trips of a lead of its own', figure([redis.own])),
    ...timed(at(ALONE), (ones) =>
      atMost(
        2.2,
        'p50 alone, minus the buyers’ own time, to the floor’s',
        figure(ones.map((one) => beyondBuyers(one))),
      ),
    ),
    ...timed(at(FULL), (ones) =>
      atLeast(0.6, `leads/s at ${FULL} to the floor’s`, figure(ones.map((one) => perSecond(one, 'floor')))),
    ),
    ...timed(at(FULL), (ones) =>
      atLeast(2, `leads/s at ${FULL} to the plain way’s`, figure(ones.map((one) => perSecond(one, 'plain')))),
    ),
  ];
}

/** Omits aims for a concurrency that was not measured. */
const timed = (ones: Measurement[], aim: (ones: Measurement[]) => Aim): Aim[] =>
  ones.length === 0 ? [] : [aim(ones)];

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
