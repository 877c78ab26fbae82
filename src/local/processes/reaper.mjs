/**
 * Ends processes that have lost their parent. The parent tells it each process it starts and each that has ended, one
 * line each on stdin ("+ 123", "- 123"); when the parent is gone, however it went, stdin ends, and what is left is asked to
 * end and two seconds later killed, each with its whole process group. Then the files that it was called with, which say
 * that all this runs, are taken away.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';

const GRACE_MS = 2000;
/** How long a killed process may take to vanish, ms. */
const VANISHING_MS = 1000;
const [, , ...signs] = process.argv;
const left = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

function signalAll(signal) {
  for (const pid of left) {
    try {
      process.kill(-pid, signal);
    } catch {
      left.delete(pid);
    }
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [sign, pid] = line.split(' ');
    if (sign === '+') left.add(Number(pid));
    else left.delete(Number(pid));
  })
  .on('close', () => {
    // A parent that has ended them itself takes its files away itself.
    if (left.size === 0) return;
    signalAll('SIGTERM');
    const until = Date.now() + GRACE_MS;
    const timer = setInterval(() => {
      signalAll(Date.now() < until ? 0 : 'SIGKILL');
      if (left.size > 0 && Date.now() < until + VANISHING_MS) return;
      clearInterval(timer);
      for (const sign of signs) rmSync(sign, { force: true });
    }, 50);
  });
