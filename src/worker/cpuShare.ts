import { cpus } from 'node:os';

/** The time over which the share is taken, ms. */
const WINDOW_MS = 500;

/** CPU time of all cores since the machine's start, ms. */
interface Sample {
  at: number;
  busy: number;
  all: number;
}

function sample(): Sample {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { at: performance.now(), busy: all - times.reduce((sum, { idle }) => sum + idle, 0), all };
}

/** Returns the share of the machine's CPU time that all programs have used lately, from 0 to 1. */
export function openCpuShare(take: () => Sample = sample): () => number {
  const samples = [take()];
  return () => {
    const now = take();
    samples.push(now);
    // The first is the last one that is as old as the window.
    while ((samples[1]?.at ?? now.at) <= now.at - WINDOW_MS) samples.shift();
    const [first = now] = samples;
    return now.all === first.all ? 0 : (now.busy - first.busy) / (now.all - first.all);
  };
}
