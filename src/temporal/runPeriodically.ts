import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.js';

export interface PeriodicTask {
  /** Aborts the current step, waits for its end, and starts no other. */
  stop: () => Promise<void>;
}

interface PeriodicTaskOptions {
  everyMs: number;
  /** Whether a step that did something is followed by the next without a pause: there may be more. */
  repeatUntilIdle?: boolean;
  /** Log events of a step that did something, unless it logs by itself, and of a failed step. */
  done?: { event: string };
  failed: { event: string };
}

/**
 * Repeats a step beside the worker until stopped. A step that fails is tried again after the pause. Calls to a Temporal
 * that is unreachable last until their deadline: a step passes them the signal.
 */
export function runPeriodically(
  step: (signal: AbortSignal) => Promise<number>,
  { everyMs, repeatUntilIdle = false, done, failed }: PeriodicTaskOptions,
  log: Log,
): PeriodicTask {
  const stopping = new AbortController();
  let current = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      // One for each step, and for any number of calls: Temporal's client never removes its listeners.
      current = new AbortController();
      setMaxListeners(0, current.signal);
      const leads = await step(current.signal).catch((error: unknown) => {
        if (!stopping.signal.aborted)
          log.warn({ ...failed, why: error instanceof Error ? error.name : 'unknown' });
        return 0;
      });
      if (done && leads > 0) log.info({ ...done, leads });
      if (leads === 0 || !repeatUntilIdle)
        // An aborted signal ends the pause.
        await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      current.abort();
      await loop;
    },
  };
}
