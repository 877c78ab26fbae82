import type { Progress } from '../../src/terminal/progress.js';
import { cpuFromNow } from './cpu.js';
import { load, type Done } from './load.js';
import { WAYS, type History, type OpenWays, type WayName } from './ways.js';

/** One way, at one concurrency, once. */
export interface Measurement {
  way: WayName;
  concurrency: number;
  repetition: number;
  leads: number;
  /** Of those, the ones that were taken and not sold when they were answered. */
  unsold: number;
  /** Of those, the ones that were refused or failed, by why. */
  failed: Record<string, number>;
  seconds: number;
  /** Of each, ms. */
  latencies: number[];
  /** CPU time that each process used meanwhile, ms, all leads together. */
  cpu: Record<string, number>;
  /** Of some of the workflows. */
  histories: History[];
}

export interface Plan {
  /** Of each way at each concurrency, each time; more where they would not keep all busy. */
  leads: number;
  concurrency: number[];
  repeat: number;
}

/** Before anything is measured, each way is done as often as it will be each time, so many at a time: code that has run is faster. */
const WARM_UP_AT = 8;

/** At the least so many for each that is under way at a time, or most of what is measured would be the end of it. */
const EACH = 3;

/** How often each reason for a failure came up. */
function failures(done: readonly Done[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { failed } of done) if (failed !== undefined) counts[failed] = (counts[failed] ?? 0) + 1;
  return counts;
}

/** So many histories of each measurement are read. */
const HISTORIES = 10;

/**
 * Measures the ways in turn, so that what else happens on the machine meets all of them: every ratio is taken between
 * neighbours in time.
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
