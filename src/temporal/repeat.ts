import type { Log } from '../log.js';

export interface Repeated {
  /** Lets the step under way end, and begins no other. */
  stop: () => Promise<void>;
}

interface Options {
  everyMs: number;
  /** A step that did so much is followed by the next at once: there is more. */
  full: number;
  /** What the log says of a step that did something, where it says nothing itself; and of one that failed. */
  done?: { event: string };
  failed: { event: string };
}

/** Does a step again and again beside the worker, until stopped. One that fails is tried again after the pause. */
export function repeat(
  step: () => Promise<number>,
  { everyMs, full, done, failed }: Options,
  log: Log,
): Repeated {
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const leads = await step().catch((error: unknown) => {
        log.warn({ ...failed, why: error instanceof Error ? error.name : 'unknown' });
        return 0;
      });
      if (done && leads > 0) log.info({ ...done, leads });
      if (leads < full) await pause(everyMs, stopping.signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
