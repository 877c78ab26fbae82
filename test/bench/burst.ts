import { atMost, figure, percentile, type Aim, type Figure } from './aims.js';
import { lineChart, type Chart } from './charts.js';
import { untilSettled } from './kept.js';
import type { Run } from './onServers.js';
import type { Reply } from './source.js';
import { aimsSection, spread, type Section } from './tables.js';
import { machine, type Machine } from './usage.js';
import {
  ANSWER_WINDOW_MS,
  sourceOf,
  startProduct,
  warmUp,
  withWorld,
  type Send,
  type World,
} from './world.js';

export interface BurstOptions extends Run {
  /** Number of leads sent at once. */
  size: number;
  repeat: number;
  /** Number of leads before the first burst. */
  leads: number;
}

/** The JSON output of a run with `--burst`. */
export interface BurstReport {
  machine: Machine;
  size: number;
  refused: Figure;
  sold_at_once: Figure;
  pending: Figure;
  p50_ms: Figure;
  p99_ms: Figure;
  longest_ms: Figure;
  /** Time from the first request until every lead had ended, s. */
  ended_after_s: Figure;
  /** Leads that had not ended after ten minutes, or ended unsold. */
  not_sold: Figure;
  /** Answer times of the first burst in order, ms. */
  answers_ms: number[];
  aims: Aim[];
}

/** Sends many leads in the same moment. Undefined if aborted. */
export const runBurst = (options: BurstOptions): Promise<BurstReport | undefined> =>
  withWorld(options, {}, async (world) => {
    options.progress('starting Gavel');
    const send = await sourceOf(world, await startProduct(world));
    options.progress('warming up');
    await warmUp(options.leads, send);
    await untilSettled(world.database);
    const bursts: Burst[] = [];
    for (let i = 1; i <= options.repeat; i++) {
      options.progress(`burst ${i} of ${options.repeat}`);
      bursts.push(await burst(world, send, options.size));
    }
    return burstReport(options.size, bursts);
  });

export interface Burst {
  replies: Reply[];
  endedAfterS: number;
  notSold: number;
}

async function burst({ database }: World, send: Send, size: number): Promise<Burst> {
  const [began, since] = [performance.now(), Date.now()];
  const replies = await Promise.all(Array.from({ length: size }, () => send()));
  await untilSettled(database, { since });
  const endedAfterS = (performance.now() - began) / 1000;
  const ids = replies.flatMap(({ leadId }) => leadId ?? []);
  const sold = await database.leads.countDocuments({ _id: { $in: ids }, status: 'sold' });
  return { replies, endedAfterS, notSold: ids.length - sold };
}

export function burstReport(size: number, bursts: Burst[]): BurstReport {
  const each = (of: (one: Burst) => number): Figure => figure(bursts.map(of));
  const count = (is: (reply: Reply) => boolean) => each(({ replies }) => replies.filter(is).length);
  const time = (percent: number) =>
    each(({ replies }) =>
      percentile(
        replies.map(({ ms }) => ms),
        percent,
      ),
    );
  const report = {
    refused: count(({ leadId }) => leadId === undefined),
    sold_at_once: count(({ sold }) => sold === true),
    pending: count(({ sold }) => sold === false),
    p50_ms: time(50),
    p99_ms: time(99),
    longest_ms: time(100),
    ended_after_s: each(({ endedAfterS }) => endedAfterS),
    not_sold: each(({ notSold }) => notSold),
  };
  const worst = (of: Figure): Figure => figure([of.most]);
  return {
    ...{ machine: machine(), size, ...report },
    answers_ms: (bursts[0]?.replies ?? []).map(({ ms }) => ms).sort((a, b) => a - b),
    aims: [
      atMost(0, 'leads refused', worst(report.refused)),
      atMost(ANSWER_WINDOW_MS + 1000, 'longest answer, ms', worst(report.longest_ms)),
      atMost(0, 'accepted leads not sold in the end', worst(report.not_sold)),
    ],
  };
}

export function burstSections(report: BurstReport): Section[] {
  return [
    {
      title: `${report.size} leads at once`,
      rows: [
        ['what', 'number'],
        ['refused or without an answer', spread(report.refused)],
        ['answered sold', spread(report.sold_at_once)],
        ['answered pending', spread(report.pending)],
        ['p50, ms', spread(report.p50_ms)],
        ['p99, ms', spread(report.p99_ms)],
        ['longest, ms', spread(report.longest_ms)],
        ['all ended after, s', spread(report.ended_after_s)],
        ['not sold in the end', spread(report.not_sold)],
      ],
    },
    aimsSection(report.aims),
  ];
}

export const burstCharts = ({ size, answers_ms }: BurstReport): Record<string, Chart> => ({
  burst: lineChart({
    ...{ title: `${size} leads at once`, unit: 'answered', across: 'ms after sending' },
    lines: [{ name: 'answered', points: answers_ms.map((ms, i): [number, number] => [ms, i + 1]) }],
  }),
});
