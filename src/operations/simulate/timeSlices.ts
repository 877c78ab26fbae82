import { setImmediate } from 'node:timers/promises';
import type { Yielding } from '../../market/simulate/yielding.js';

/** Whatever else the process has to do waits no longer than this and one step. */
const TURN_MS = 20;

/** Does long work without holding up the process. */
export async function runInTimeSlices<T>(steps: Yielding<T>): Promise<T> {
  for (let began = performance.now(); ;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - began < TURN_MS) continue;
    await setImmediate();
    began = performance.now();
  }
}
