import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The clock of a market in a test: it runs like any clock while a lead or a buyer works, and jumps over the time in
 * which everybody sleeps. The steps of a lead's life, which run in the test's own process, find it in `Date`, as they
 * find the real one in production. All times are UTC ms.
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
  /** The same steps, each of which sets `Date` before it begins; while it works, the market's clock jumps nowhere. */
  onTime(steps: Steps): Steps;
  /** Gives `Date` back to the machine's clock, once no time passes any more. */
  stop(): Promise<void>;
}

type Steps = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

export function marketClock(env: TestWorkflowEnvironment): MarketClock {
  const machine = globalThis.Date;
  let ahead = 0;
  globalThis.Date = shifted(machine, () => ahead);

  const now = async (): Promise<number> => {
    const at = await env.currentTimeMs();
    ahead = at - machine.now();
    return at;
  };
  let asleep = Promise.resolve();
  /** One sleep after the other: of two at once the clock would jump over the longer one for both. */
  const sleep = (ms: number): Promise<void> => {
    asleep = asleep.then(async () => {
      await env.sleep(ms);
      await now();
    });
    return asleep;
  };
  return {
    now,
    passTo: async (at) => {
      const left = at - (await now());
      if (left > 0) await sleep(left);
    },
    passUntil: async (happened, { step, grows, most }) => {
      const over = happened.then(
        () => true,
        () => true,
      );
      let jumped = 0;
      for (let next = step; jumped < most; next = grows ? next * 2 : step) {
        const before = performance.now();
        const slept = sleep(next);
        // What is left of a short step passes while the test goes on; a long one must not run into what comes then.
        await (grows ? slept : Promise.race([slept, over]));
        // While somebody works, the clock is a real one: only the rest of the step was jumped over.
        jumped += Math.max(0, next - (performance.now() - before));
        if (await Promise.race([over, nextTurn(false)])) return true;
      }
      return false;
    },
    onTime: (steps) => {
      const onTime = Object.entries(steps).map(([name, step]) => {
        const stepOnTime = async (...args: unknown[]): Promise<unknown> => {
          await now();
          const result: unknown = await Reflect.apply(step, undefined, args);
          return result;
        };
        return [name, stepOnTime] as const;
      });
      return Object.fromEntries(onTime);
    },
    stop: async () => {
      await asleep;
      globalThis.Date = machine;
    },
  };
}

/** `Date`, ahead of the machine's clock; a date made of anything but the present is what it always was. */
function shifted(machine: DateConstructor, ahead: () => number): DateConstructor {
  const now = (): number => machine.now() + ahead();
  return new Proxy(machine, {
    construct: (date, given: [] | [number]) => new date(...(given.length === 0 ? ([now()] as const) : given)),
    get: (date, key): unknown => (key === 'now' ? now : Reflect.get(date, key)),
  });
}
