import { setImmediate } from 'node:timers/promises';
import type { Yielding } from '../../market/simulate/yielding.js';

/** Other work of the process waits at most this time plus one step. */
const SLICE_MS = 20;

/** Runs long work without blocking the event loop. */
export async function runInTimeSlices<T>(steps: Yielding<T>): Promise<T> {
  for (let began = performance.now(); ;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - began < SLICE_MS) continue;
    await setImmediate();
    began = performance.now();
  }
}
