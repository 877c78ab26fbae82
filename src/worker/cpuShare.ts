import { cpus } from 'node:os';

/** The time over which the share is taken, ms. */
const WINDOW_MS = 500;

/** All times in ms: now, the CPU time of all cores since the machine's start, and the main thread's since the process's. */
interface Sample {
  at: number;
  busy: number;
  all: number;
  mainThread: number;
}

function sample(): Sample {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  const busy = all - times.reduce((sum, { idle }) => sum + idle, 0);
  return { at: performance.now(), busy, all, mainThread: performance.eventLoopUtilization().active };
}

/**
 * Returns how busy the machine or this process was lately, from 0 to 1: the share of the machine's CPU time that all
 * programs have used, or the share of time in which this process's main thread was at work, whichever is larger. Only the
 * second tells of a container that is at its own CPU limit.
 */
export function openCpuShare(take: () => Sample = sample): () => number {
  const samples = [take()];
  return () => {
    const now = take();
    // What was before a pause is not lately.
    if ((samples.at(-1)?.at ?? 0) < now.at - 2 * WINDOW_MS) samples.length = 0;
    samples.push(now);
    // The first is the last one that is as old as the window.
    while ((samples[1]?.at ?? now.at) <= now.at - WINDOW_MS) samples.shift();
    const [first = now] = samples;
    const share = (used: number, of: number): number => (of === 0 ? 0 : used / of);
    return Math.max(
      share(now.busy - first.busy, now.all - first.all),
      share(now.mainThread - first.mainThread, now.at - first.at),
    );
  };
}
