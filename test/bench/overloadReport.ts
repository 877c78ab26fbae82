import { atLeast, atMost, figure, percentile, type Aim } from './aims.js';
import { machine, type Machine } from './machine.js';
import type { Sample } from './memory.js';
import type { Kept } from './overloadKept.js';
import type { Reply } from './source.js';

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
  /** The API's memory during the flood. */
  samples: Sample[];
  /** Time after the flood until that seller's leads sold normally, and until all leads had ended, s. */
  normalAfterS: number;
  settledAfterS: number;
  kept: Kept;
}

interface Times {
  p50_ms: number;
  p99_ms: number;
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
  /** Memory of the API; absent on systems without /proc. */
  memory_mb?: { start: number; highest: number; end: number; per_minute: number };
  normal_after_s: number;
  settled_after_s: number;
  kept: Kept;
  aims: Aim[];
}

const isTaken = ({ leadId }: Reply): boolean => leadId !== undefined;
const isSold = ({ sold }: Reply): boolean => sold === true;

const times = (replies: Reply[]): Times => {
  const all = replies.map(({ ms }) => ms);
  return { p50_ms: percentile(all, 50), p99_ms: percentile(all, 99) };
};

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
      taken: times(taken),
      sold: times(sold),
    },
    other_seller: {
      not_sold: meanwhile.filter((reply) => !isSold(reply)).length,
      alone: times(alone),
      beside: times(beside),
      meanwhile: times(meanwhile.filter(isTaken)),
    },
    ...(samples.length > 0 && { memory_mb: memory(samples) }),
    normal_after_s: seen.normalAfterS,
    settled_after_s: seen.settledAfterS,
    kept,
  };
  return { machine: machine(), ...reported, aims: aims(reported, seen) };
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

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The aims under a flood (docs/bench.md explains the limits). */
function aims(
  { flood, other_seller, normal_after_s, kept }: Omit<OverloadReport, 'machine' | 'aims'>,
  { capacity, answerWindowMs, samples }: Overload,
): Aim[] {
  const one = (value: number) => figure([value]);
  const longest = (answerWindowMs + 1000) / 1000;
  const slowdown = other_seller.meanwhile.p50_ms / other_seller.beside.p50_ms;
  const wrong = kept.lost + kept.unheard + kept.open + kept.untrue;
  return [
    atMost(0, 'leads refused, or answered otherwise', one(flood.refused + flood.otherwise)),
    atLeast(0.5, 'leads/s sold at once in the flood, to those before', one(flood.sold_per_second / capacity)),
    atMost(longest, 'p99 of taken leads, s', one(flood.taken.p99_ms / 1000)),
    atMost(2, 'another seller’s p50 in the flood, to its p50 before it', one(slowdown)),
    ...(samples.length > 0
      ? [atMost(1.2, 'the API’s memory in the flood’s last quarter, to its second', one(growth(samples)))]
      : []),
    atMost(30, 'back to normal after the flood, s', one(normal_after_s)),
    atMost(0, 'leads lost, stored without an answer, not ended, or not as answered', one(wrong)),
    atMost(0, 'leads sold twice, differences in the books', one(kept.soldTwice + kept.differences)),
  ];
}

/** The first quarter is skipped, because a loaded API allocates its memory there. */
function growth(samples: Sample[]): number {
  const quarter = Math.floor(samples.length / 4);
  const meanOf = (some: Sample[]) => mean(some.map(({ mb }) => mb));
  return meanOf(samples.slice(-quarter)) / meanOf(samples.slice(quarter, 2 * quarter));
}
