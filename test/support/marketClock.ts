import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The clock of a market in a test: it runs like any clock while a lead or a buyer works, and jumps over the time in
 * which everybody sleeps. All times are UTC ms.
 */
export interface MarketClock {
  now(): Promise<number>;
  /** Lets time pass up to a moment; whoever sleeps until then wakes at its own time on the way. */
  passTo(at: number): Promise<void>;
  /**
   * Lets time pass until something has happened that the leads bring about, in steps of `step` ms, or in ever longer
   * ones from there on. False where it has not happened when `most` ms were jumped over.
   */
  passUntil(
    happened: Promise<unknown>,
    steps: { step: number; grows: boolean; most: number },
  ): Promise<boolean>;
}

export function marketClock(env: TestWorkflowEnvironment): MarketClock {
  const now = async (): Promise<number> => env.currentTimeMs();
  return {
    now,
    passTo: async (at) => {
      const ahead = at - (await now());
      if (ahead > 0) await env.sleep(ahead);
    },
    passUntil: async (happened, { step, grows, most }) => {
      const over = happened.then(
        () => true,
        () => true,
      );
      let jumped = 0;
      for (let next = step; jumped < most; next = grows ? next * 2 : step) {
        const before = performance.now();
        await env.sleep(next);
        // While somebody works, the clock is a real one: only the rest of the step was jumped over.
        jumped += Math.max(0, next - (performance.now() - before));
        if (await Promise.race([over, nextTurn(false)])) return true;
      }
      return false;
    },
  };
}
