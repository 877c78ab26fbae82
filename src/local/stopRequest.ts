import { readFileSync } from 'node:fs';
import { isAlive } from './lock.js';

/** npm passes on a signal that the terminal has sent us already: one within this time of the first is the same, ms. */
const ECHO_MS = 1000;

/** How often we look whether the npm that started us is still there, ms. */
const LOOK_MS = 500;

export interface StopRequest {
  /** Aborted when the stack is to end, in order. */
  signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Listens for what ends the stack: Ctrl-C, SIGTERM, a terminal that closes, or the end of the npm that started us.
 * @param insist called when it is asked for again, by somebody who does not want to wait
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
  const npm = npmAbove();
  const timer = setInterval(() => {
    if (npm !== undefined && !isAlive(npm)) controller.abort();
  }, LOOK_MS).unref();
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, request);
      clearInterval(timer);
    },
  };
}

/** The npm that runs us: it is our parent, or the parent of the shell between us, which Linux tells. */
function npmAbove(): number | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  return [process.ppid, parentOf(process.ppid)].find((pid) => nameOf(pid).startsWith('npm '));
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** npm gives itself the name "npm start". */
const nameOf = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
