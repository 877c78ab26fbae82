import { setImmediate } from 'node:timers/promises';

/** Other work of the process waits at most this time plus one step. */
const SLICE_MS = 20;

/** Called between the steps of long work, so that it does not block the event loop. */
export function timeSlices(): () => void | Promise<void> {
  let began = performance.now();
  return () => {
    if (performance.now() - began < SLICE_MS) return;
    return setImmediate().then(() => void (began = performance.now()));
  };
}
