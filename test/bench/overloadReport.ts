import { atLeast, atMost, mean, once, timesOf, type Aim, type Times } from './aims.js';
import { lineChart, type Chart } from './charts.js';
import type { Kept } from './kept.js';
import type { Reply } from './source.js';
import { aimsSection, rounded, type Section } from './tables.js';
import { machine, type Machine, type Sample } from './usage.js';

/** Observations of a flood. */
export interface Overload {
  /** Capacity: leads a second sold before the flood at full concurrency. */
  capacity: number;
  answerWindowMs: number;
  /** Duration of the flood, s. */
  seconds: number;
  flood: Reply[];
  /** Answers to another seller that sends one lead after another: alone, beside light load, and in the flood. */
  alone: Reply[];
  beside: Reply[];
  meanwhile: Reply[];
  /** Memory of Gavel's processes during the flood. */
  samples: Sample[];
  /** Time after the flood until that seller's leads sold normally, and until all leads had ended, s. */
  normalAfterS: number;
  settledAfterS: number;
  kept: Kept;
}

/** The JSON output of a run with `--overload`. */
export interface OverloadReport {
  machine: Machine;
  capacity_per_second: number;
  flood: {
    seconds: number;
    sent_per_second: number;
    taken_per_second: number;
    /** Accepted leads that were answered `sold`. */
    sold_per_second: number;
    /** Answered 503. */
    refused: number;
    /** Neither accepted nor refused: another status or no answer. */
    otherwise: number;
    taken: Times;
    sold: Times;
  };
  other_seller: { not_sold: number; alone: Times; beside: Times; meanwhile: Times };
  /** Memory of Gavel's processes; absent on systems without /proc. */
  memory_mb?: { start: number; highest: number; end: number; per_minute: number };
  normal_after_s: number;
  settled_after_s: number;
  kept: Kept;
  /** Leads in each second of the flood, by when they were sent and answered. */
  each_second: { sent: number[]; sold: number[]; pending: number[] };
  aims: Aim[];
}

const isTaken = ({ leadId }: Reply): boolean => leadId !== undefined;
const isSold = ({ sold }: Reply): boolean => sold === true;

export function overloadReport(seen: Overload): OverloadReport {
  const { capacity, seconds, alone, beside, meanwhile, samples, kept } = seen;
  const flood = [...seen.flood, ...meanwhile];
  const taken = flood.filter(isTaken);
  const sold = flood.filter(isSold);
  const refused = flood.filter(({ status }) => status === 503).length;
  const reported = {
    capacity_per_second: capacity,
    flood: {
      seconds,
      sent_per_second: flood.length / seconds,
      taken_per_second: taken.length / seconds,
      sold_per_second: sold.length / seconds,
      refused,
      otherwise: flood.length - taken.length - refused,
      taken: timesOf(taken),
      sold: timesOf(sold),
    },
    other_seller: {
      not_sold: meanwhile.filter((reply) => !isSold(reply)).length,
      alone: timesOf(alone),
      beside: timesOf(beside),
      meanwhile: timesOf(meanwhile.filter(isTaken)),
    },
    memory_mb: samples.length > 0 ? memory(samples) : undefined,
    normal_after_s: seen.normalAfterS,
    settled_after_s: seen.settledAfterS,
    kept,
    each_second: eachSecond(flood),
  };
  return { machine: machine(), ...reported, aims: aims(reported, seen) };
}

function eachSecond(flood: Reply[]): OverloadReport['each_second'] {
  const began = Math.min(...flood.map(({ sentAt }) => sentAt));
  const counts = (times: number[]): number[] => {
    const seconds: number[] = [];
    for (const time of times) {
      const second = Math.floor((time - began) / 1000);
      while (seconds.length <= second) seconds.push(0);
      seconds[second] = (seconds[second] ?? 0) + 1;
    }
    return seconds;
  };
  const answeredAt = (replies: Reply[]) => counts(replies.map(({ sentAt, ms }) => sentAt + ms));
  return {
    sent: counts(flood.map(({ sentAt }) => sentAt)),
    sold: answeredAt(flood.filter(isSold)),
    pending: answeredAt(flood.filter((reply) => isTaken(reply) && !isSold(reply))),
  };
}

function memory(samples: Sample[]) {
  const mb = samples.map((sample) => sample.mb);
  return {
    start: mb[0] ?? NaN,
    highest: Math.max(...mb),
    end: mb.at(-1) ?? NaN,
    per_minute: slope(samples.slice(Math.floor(samples.length / 2))) * 60_000,
  };
}

/** Slope of the least-squares line through the samples, MB a ms. */
function slope(samples: Sample[]): number {
  const [ms, mb] = [mean(samples.map((one) => one.ms)), mean(samples.map((one) => one.mb))];
  const rise = samples.map((one) => (one.ms - ms) * (one.mb - mb));
  return mean(rise) / mean(samples.map((one) => (one.ms - ms) ** 2));
}

/** The aims under a flood (docs/performance.md explains the limits). */
function aims(
  { flood, other_seller, normal_after_s, kept }: Omit<OverloadReport, 'machine' | 'aims'>,
  { capacity, answerWindowMs, samples }: Overload,
): Aim[] {
  const longest = (answerWindowMs + 1000) / 1000;
  const slowdown = other_seller.meanwhile.p50_ms / other_seller.beside.p50_ms;
  const wrong = kept.lost + kept.unheard + kept.open + kept.untrue;
  return [
    atMost(0, 'leads refused, or answered otherwise', once(flood.refused + flood.otherwise)),
    atLeast(
      0.8,
      'leads/s sold at once in the flood, to those before',
      once(flood.sold_per_second / capacity),
    ),
    atMost(longest, 'p99 of taken leads, s', once(flood.taken.p99_ms / 1000)),
    atMost(2, 'another seller’s p50 in the flood, to its p50 before it', once(slowdown)),
    ...(samples.length > 0
      ? [
          atMost(
            1.2,
            'Gavel’s memory in the flood’s last quarter, to its second',
            once(growth(samples.map(({ mb }) => mb))),
          ),
        ]
      : []),
    atMost(30, 'back to normal after the flood, s', once(normal_after_s)),
    atMost(0, 'leads lost, stored without an answer, not ended, or not as answered', once(wrong)),
    atMost(0, 'leads sold twice, differences in the books', once(kept.soldTwice + kept.differences)),
  ];
}

/** The last quarter to the second. The first is skipped, because a loaded process allocates its memory there. */
export function growth(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4);
  return mean(values.slice(-quarter)) / mean(values.slice(quarter, 2 * quarter));
}

/** The figures as tables. */
export function overloadSections(report: OverloadReport): Section[] {
  const { capacity_per_second: capacity, flood, other_seller, memory_mb, kept } = report;
  const { alone, beside, meanwhile } = other_seller;
  const perSecond = (value: number): string[] => [rounded(value), rounded(value / capacity)];
  const both = ({ p50_ms, p99_ms }: Times): string[] => [rounded(p50_ms), rounded(p99_ms)];
  return [
    {
      title: `A flood of ${flood.seconds} s; the capacity before it was ${rounded(capacity)} leads a second`,
      rows: [
        ['leads', 'a second', '× capacity', 'p50 ms', 'p99 ms'],
        ['sent', ...perSecond(flood.sent_per_second)],
        ['accepted', ...perSecond(flood.taken_per_second), ...both(flood.taken)],
        ['sold at once', ...perSecond(flood.sold_per_second), ...both(flood.sold)],
        ['another seller’s, alone', '', '', ...both(alone)],
        ['another seller’s, before the flood', '', '', ...both(beside)],
        ['another seller’s, in the flood', '', '', ...both(meanwhile)],
      ],
    },
    {
      title: 'Memory of Gavel’s processes, MB',
      rows: [
        ['before', 'highest', 'at the end', 'slope a minute, second half'],
        memory_mb === undefined
          ? ['not available on this system']
          : [memory_mb.start, memory_mb.highest, memory_mb.end, memory_mb.per_minute].map(rounded),
      ],
    },
    {
      title: 'After it, and in the books',
      rows: [
        ['what', 'number'],
        ['back to normal after, s', rounded(report.normal_after_s)],
        ['all leads ended after that, s', rounded(report.settled_after_s)],
        ['refused in the flood', `${flood.refused}`],
        ['answered otherwise, or not at all', `${flood.otherwise}`],
        ['another seller’s leads not sold at once', `${other_seller.not_sold}`],
        ...Object.entries(kept).map(([name, count]) => [NAMES[name as keyof Kept], `${count}`]),
      ],
    },
    aimsSection(report.aims),
  ];
}

const NAMES: Record<keyof Kept, string> = {
  stored: 'leads stored',
  sold: 'of them sold',
  lost: 'accepted and not stored',
  unheard: 'stored without an answer',
  open: 'not ended',
  untrue: 'answered as sold, but not sold so',
  soldTwice: 'sold twice',
  differences: 'differences in the books',
};

export const overloadCharts = ({ each_second }: OverloadReport): Record<string, Chart> => ({
  overload: lineChart({
    ...{ title: 'Leads during a flood', unit: 'a second', across: 'seconds' },
    lines: Object.entries(each_second).map(([name, counts]) => ({
      name: name === 'sent' ? 'sent' : `answered ${name}`,
      points: counts.map((count, second): [number, number] => [second, count]),
    })),
  }),
});
