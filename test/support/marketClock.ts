import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The clock of a market in a test. It runs in real time while a workflow, an activity or a buyer works, and skips time
 * while all of them sleep. Activities run in the test's process and read it from `Date`, as in production. All times are
 * UTC ms.
 */
export interface MarketClock {
  now(): Promise<number>;
  /** Advances to a time. Timers on the way fire at their own times. */
  passTo(at: number): Promise<void>;
  /**
   * Advances until an event has happened, in steps of `step` ms that double if `grows`. Resolves with false if it has not
   * happened after `most` ms were skipped.
   */
  passUntil(event: ServerEvent, steps: { step: number; grows: boolean; most: number }): Promise<boolean>;
  /** Wraps activities so that each sets `Date` before it starts. The clock skips no time while one runs. */
  onTime(steps: Steps): Steps;
  /** Restores `Date` after the last pending sleep. */
  stop(): Promise<void>;
}

/** An event on the server. A message takes some ms of real time, in which a clock that skips passes days. */
export interface ServerEvent<T = unknown> {
  /** Settles when the message arrives. */
  message: Promise<T>;
  /** Asks the server, which knows it before the message arrives. */
  hasHappened: () => Promise<boolean>;
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
  /** Sleeps one after the other, because two concurrent sleeps would both skip the longer one. */
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
    passUntil: async ({ message, hasHappened }, { step, grows, most }) => {
      const over = message.then(
        () => true,
        () => true,
      );
      let jumped = 0;
      for (let next = step; jumped < most; next = grows ? next * 2 : step) {
        const before = performance.now();
        const slept = sleep(next);
        // The rest of a short step may pass while the test continues. A long step must end before.
        await (grows ? slept : Promise.race([slept, over]));
        // The clock is real while something works, so only the rest of the step was skipped.
        jumped += Math.max(0, next - (performance.now() - before));
        if ((await Promise.race([over, nextTurn(false)])) || (await hasHappened())) return over;
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

/** `Date` ahead of the machine's clock. Dates with arguments are unchanged. */
function shifted(machine: DateConstructor, ahead: () => number): DateConstructor {
  const now = (): number => machine.now() + ahead();
  return new Proxy(machine, {
    construct: (date, given: [] | [number]) => new date(...(given.length === 0 ? ([now()] as const) : given)),
    get: (date, key): unknown => (key === 'now' ? now : Reflect.get(date, key)),
  });
}
