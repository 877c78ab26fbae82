/** npm passes on a signal that the terminal has sent us already: one within this time of the first is the same, ms. */
const ECHO_MS = 1000;

/** How often we look whether the npm that started us is still there, ms. */
const LOOK_MS = 500;

export interface StopRequest {
  /** Aborted when the stack should shut down gracefully. */
  signal: AbortSignal;
  dispose(): void;
}

/**
 * Listens for what ends the stack: Ctrl-C, SIGTERM, a terminal that closes, or the end of the npm that started us.
 * @param insist called at a second request, to stop without waiting
 */
export function onStopRequest(insist: () => void): StopRequest {
  const controller = new AbortController();
  let first = 0;
  const request = (): void => {
    if (!controller.signal.aborted) {
      first = Date.now();
      controller.abort();
    } else if (Date.now() - first > ECHO_MS) insist();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, request);
  const watch = watchNpm(() => controller.abort());
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, request);
      clearInterval(watch);
    },
  };
}

/** A killed npm sends no signal. It is our parent (its scripts `exec` us), so a changed parent id shows its end. */
function watchNpm(gone: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const npm = process.ppid;
  return setInterval(() => process.ppid === npm || gone(), LOOK_MS).unref();
}
