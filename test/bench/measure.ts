import type { Progress } from '../../src/terminal/progress.js';
import { cpuFromNow } from './cpu.js';
import { load, type Done } from './load.js';
import { WAYS, type History, type OpenWays, type WayName } from './ways.js';

/** One measurement of one way at one concurrency. */
export interface Measurement {
  way: WayName;
  concurrency: number;
  repetition: number;
  leads: number;
  /** Accepted and not sold when answered. */
  unsold: number;
  /** Refused or failed, by reason. */
  failed: Record<string, number>;
  seconds: number;
  /** Duration of each, ms. */
  latencies: number[];
  /** CPU time of each process for all leads, ms. */
  cpu: Record<string, number>;
  /** Histories of some of the workflows. */
  histories: History[];
}

export interface Plan {
  /** Leads of each way at each concurrency and repetition; more if needed to keep all busy. */
  leads: number;
  concurrency: number[];
  repeat: number;
}

/** Concurrency of the warm-up, in which each way runs as often as in a measurement, because warm code is faster. */
const WARM_UP_AT = 8;

/** Minimum number of leads per concurrent lead; otherwise the tail dominates the measurement. */
const EACH = 3;

/** Number of failures by reason. */
function failures(done: readonly Done[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { failed } of done) if (failed !== undefined) counts[failed] = (counts[failed] ?? 0) + 1;
  return counts;
}

/** Number of histories read for each measurement. */
const HISTORIES = 10;

/**
 * Measures the ways in turn, so that other load affects all of them. Every ratio is taken between neighbours in time.
 * @param pids the processes whose CPU time is counted, by name
 */
export async function measure(
  { leads, concurrency, repeat }: Plan,
  { ways, historyOf }: OpenWays,
  pids: Record<string, number>,
  progress: Progress,
): Promise<Measurement[]> {
  progress('warming up');
  for (const way of WAYS) await load(leads, WARM_UP_AT, ways[way]);
  const measurements: Measurement[] = [];
  const steps = repeat * concurrency.length * WAYS.length;
  for (let repetition = 1; repetition <= repeat; repetition++) {
    for (const at of concurrency) {
      for (const way of WAYS) {
        progress(`measuring ${measurements.length + 1} of ${steps}: ${way}, ${at} at a time`);
        const count = Math.max(leads, EACH * at);
        const cpu = cpuFromNow(pids);
        const { done, latencies, seconds } = await load(count, at, ways[way]);
        const used = cpu();
        const unsold = done.filter(({ sold }) => sold === false).length;
        const begun = done.flatMap(({ workflowId }) => workflowId ?? []);
        const histories = await Promise.all(begun.slice(0, HISTORIES).map(historyOf));
        measurements.push({
          ...{ way, concurrency: at, repetition, leads: count, unsold, seconds, latencies },
          ...{ failed: failures(done), cpu: used, histories: histories.filter((one) => one !== undefined) },
        });
      }
    }
  }
  return measurements;
}
