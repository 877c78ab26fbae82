import { atMost, once, percentile, timesOf, type Aim, type Times } from './aims.js';
import { lineChart, type Chart } from './charts.js';
import { keptOf, untilSettled, type Kept } from './kept.js';
import type { Run } from './onServers.js';
import { openLoop } from './openLoop.js';
import { capacityOf } from './overload.js';
import { growth } from './overloadReport.js';
import type { Reply } from './source.js';
import { aimsSection, rounded, type Section } from './tables.js';
import { machine, sampleUsage, type Machine, type Sample } from './usage.js';
import { sourceOf, startProduct, warmUp, withWorld } from './world.js';

export interface SoakOptions extends Run {
  minutes: number;
  /** Number of leads before the start. */
  leads: number;
}

/** The JSON output of a run with `--soak`. */
export interface SoakReport {
  machine: Machine;
  minutes: number;
  sent_per_second: number;
  leads: number;
  not_sold_at_once: number;
  refused: number;
  /** Answer times by quarter of the run. */
  quarters: Times[];
  /** Gavel's processes and the servers over the run. */
  gavel: Sample[];
  servers: Sample[];
  kept: Kept;
  aims: Aim[];
}

export interface Soak {
  minutes: number;
  perSecond: number;
  replies: Reply[];
  gavel: Sample[];
  servers: Sample[];
  kept: Kept;
}

/** Samples of a run, at most. */
const SAMPLES = 240;

/** Sends half of what the machine can do for a long time. Undefined if aborted. */
export const runSoak = ({ minutes, leads, ...run }: SoakOptions): Promise<SoakReport | undefined> =>
  withWorld(run, {}, async (world) => {
    const { progress } = run;
    progress('starting Gavel');
    const servers = [...world.servers.processes.parts].filter(({ server }) => server);
    const product = await startProduct(world);
    const send = await sourceOf(world, product);
    progress('warming up');
    const warm = await warmUp(leads, send);
    await untilSettled(world.database);
    progress('measuring what the machine can do');
    const { capacity, replies: full } = await capacityOf(world, send);
    const perSecond = capacity / 2;
    const everyMs = Math.max(1000, (minutes * 60_000) / SAMPLES);
    const usage = [product.processes, servers].map((some) => sampleUsage(some, everyMs));
    const loop = openLoop(perSecond, () => send());
    for (let minute = 0; minute < minutes; minute++) {
      progress(`sending ${rounded(perSecond)} leads a second: minute ${minute + 1} of ${minutes}`);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    const [gavel = [], others = []] = usage.map((end) => end());
    const replies = await loop.stop();
    progress('waiting until all leads have ended');
    await untilSettled(world.database);
    progress('comparing answers and books');
    const kept = await keptOf(world.database, [...warm, ...full, ...replies]);
    return soakReport({ minutes, perSecond, replies, gavel, servers: others, kept });
  });

export function soakReport({ minutes, perSecond, replies, gavel, servers, kept }: Soak): SoakReport {
  const quarter = Math.ceil(replies.length / 4);
  const quarters = [0, 1, 2, 3].map((i) => timesOf(replies.slice(i * quarter, (i + 1) * quarter)));
  const [first, last] = [quarters[0]?.p99_ms ?? NaN, quarters[3]?.p99_ms ?? NaN];
  const refused = replies.filter(({ leadId }) => leadId === undefined).length;
  const wrong = kept.lost + kept.unheard + kept.open + kept.untrue + kept.soldTwice + kept.differences;
  return {
    ...{ machine: machine(), minutes, sent_per_second: perSecond, leads: replies.length, refused },
    not_sold_at_once: replies.filter(({ sold }) => sold === false).length,
    ...{ quarters, gavel, servers, kept },
    aims: [
      atMost(
        1.2,
        'Gavel’s memory in the last quarter, to the second',
        once(growth(gavel.map(({ mb }) => mb))),
      ),
      atMost(
        1.1,
        'Gavel’s open files in the last quarter, to the second',
        once(growth(gavel.map(({ handles }) => handles))),
      ),
      atMost(1.2, 'p99 in the last quarter, to the first', once(last / first)),
      atMost(0, 'leads refused or without an answer', once(refused)),
      atMost(0, 'leads lost, not ended, sold twice, or not as answered', once(wrong)),
    ],
  };
}

export function soakSections(report: SoakReport): Section[] {
  const usage = (name: string, samples: Sample[]): string[] => [
    name,
    ...[samples[0]?.mb, percentileOf(samples, 'mb'), samples.at(-1)?.mb].map((mb) => rounded(mb ?? NaN)),
    ...[samples[0]?.handles, percentileOf(samples, 'handles'), samples.at(-1)?.handles].map((count) =>
      rounded(count ?? NaN),
    ),
  ];
  return [
    {
      title: `${report.minutes} min at ${rounded(report.sent_per_second)} leads a second, half the capacity`,
      rows: [
        ['quarter', 'p50 ms', 'p99 ms'],
        ...report.quarters.map(({ p50_ms, p99_ms }, i) => [`${i + 1}`, rounded(p50_ms), rounded(p99_ms)]),
      ],
    },
    {
      title: 'Memory and open files',
      rows: [
        ['processes', 'MB at first', 'highest', 'at the end', 'files at first', 'most', 'at the end'],
        usage('Gavel', report.gavel),
        usage('servers', report.servers),
      ],
    },
    aimsSection(report.aims),
  ];
}

const percentileOf = (samples: Sample[], what: 'mb' | 'handles'): number =>
  percentile(
    samples.map((sample) => sample[what]),
    100,
  );

export const soakCharts = ({ gavel, servers, quarters }: SoakReport): Record<string, Chart> => ({
  'soak-memory': lineChart({
    ...{ title: 'Memory at half load', unit: 'MB', across: 'minutes' },
    lines: [
      { name: 'Gavel', points: gavel.map(({ ms, mb }): [number, number] => [ms / 60_000, mb]) },
      { name: 'servers', points: servers.map(({ ms, mb }): [number, number] => [ms / 60_000, mb]) },
    ],
  }),
  'soak-times': lineChart({
    ...{ title: 'Answer times at half load', unit: 'ms', across: 'quarter of the run' },
    lines: (['p50_ms', 'p99_ms'] as const).map((measure) => ({
      name: measure.replace('_ms', ''),
      points: quarters.map((times, i): [number, number] => [i + 1, times[measure]]),
    })),
  }),
});
