import { atLeast, atMost, once, timesOf, type Aim, type Times } from './aims.js';
import { lineChart, type Chart } from './charts.js';
import { untilSettled } from './kept.js';
import { load, type Piece } from './load.js';
import type { Run } from './onServers.js';
import type { Reply, Sent } from './source.js';
import { aimsSection, rounded, type Section } from './tables.js';
import { machine, type Machine } from './usage.js';
import { LONG_WINDOW_MS, sourceOf, startProduct, warmUp, withWorld } from './world.js';

/** A question about the cost of a lead after many others. */
export interface Growth {
  title: string;
  /** Number of leads before the last are measured, and of leads measured at the start and at the end. */
  leads: number;
  measured: number;
  sent: Sent;
  /** The least ratio of the last leads' rate to that of the first. */
  least: number;
}

/** Sources write the same e-mail address where the person gave none. The contracts compare e-mail addresses. */
export const PERSONS: Growth = {
  title: 'The same placeholder e-mail address in every lead',
  ...{ leads: 5000, measured: 500, least: 0.95 },
  sent: { shape: 'limits', email: 'noemail@example.com' },
};

export const MANY: Growth = {
  title: 'Many leads',
  ...{ leads: 50_000, measured: 1000, least: 0.9 },
  sent: {},
};

export interface GrowthOptions extends Run {
  growth: Growth;
  /** Number of leads before the first measured one. */
  leads: number;
}

/** The JSON output of a run with `--persons` or `--many`. */
export interface GrowthReport {
  machine: Machine;
  title: string;
  leads: number;
  measured: number;
  first: Rate;
  last: Rate;
  refused: number;
  not_sold_at_once: number;
  /** Leads a second for every `measured` leads of the run. */
  per_second: number[];
  aims: Aim[];
}

interface Rate extends Times {
  per_second: number;
}

const AT_A_TIME = 32;
const BLOCK = 500;

/** Sends leads one after another, and compares the last with the first. Undefined if aborted. */
export const runGrowth = ({ growth, leads, ...run }: GrowthOptions): Promise<GrowthReport | undefined> =>
  withWorld(run, { answerWindowMs: LONG_WINDOW_MS }, async (world) => {
    const { progress } = run;
    progress('starting Gavel');
    const send = await sourceOf(world, await startProduct(world));
    progress('warming up');
    await warmUp(leads, send);
    await untilSettled(world.database);
    const all = growth.leads + growth.measured;
    let begun = 0;
    const { pieces } = await load(all, AT_A_TIME, () => {
      if (begun % BLOCK === 0) progress(`sending lead ${begun} of ${all}`);
      begun += 1;
      return send(growth.sent);
    });
    return growthReport(growth, pieces);
  });

export function growthReport(
  { title, leads, measured, least }: Growth,
  pieces: Piece<Reply>[],
): GrowthReport {
  const rate = (from: number): Rate => {
    const some = pieces.slice(from, from + measured);
    const seconds = ((some.at(-1)?.at ?? NaN) - (pieces[from - 1]?.at ?? 0)) / 1000;
    const taken = some.filter(({ result }) => result.leadId !== undefined);
    return { per_second: taken.length / seconds, ...timesOf(taken) };
  };
  const [first, last] = [rate(0), rate(leads)];
  const refused = pieces.filter(({ result }) => result.leadId === undefined).length;
  return {
    ...{ machine: machine(), title, leads, measured, first, last, refused },
    not_sold_at_once: pieces.filter(({ result }) => result.sold === false).length,
    per_second: Array.from({ length: Math.floor(pieces.length / measured) }, (_, i) =>
      rate(i * measured),
    ).map((one) => one.per_second),
    aims: [
      atLeast(
        least,
        `leads/s after ${leads}, to those of the first ${measured}`,
        once(last.per_second / first.per_second),
      ),
      atMost(0, 'leads refused or without an answer', once(refused)),
    ],
  };
}

export function growthSections(report: GrowthReport): Section[] {
  const row = (name: string, { per_second, p50_ms, p99_ms }: Rate): string[] => [
    name,
    ...[per_second, p50_ms, p99_ms].map(rounded),
  ];
  return [
    {
      title: `${report.title}, ${AT_A_TIME} at a time`,
      rows: [
        ['leads', 'a second', 'p50 ms', 'p99 ms'],
        row(`the first ${report.measured}`, report.first),
        row(`${report.measured} after ${report.leads}`, report.last),
      ],
    },
    {
      title: 'Answers',
      rows: [
        ['what', 'number'],
        ['refused or without an answer', `${report.refused}`],
        ['not sold at once', `${report.not_sold_at_once}`],
      ],
    },
    aimsSection(report.aims),
  ];
}

export const growthCharts =
  (name: string) =>
  ({ title, measured, per_second }: GrowthReport): Record<string, Chart> => ({
    [name]: lineChart({
      ...{ title, unit: 'leads a second', across: 'leads so far' },
      lines: [
        {
          name: 'leads a second',
          points: per_second.map((rate, i): [number, number] => [(i + 1) * measured, rate]),
        },
      ],
    }),
  });
