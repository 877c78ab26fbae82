import { setTimeout as sleep } from 'node:timers/promises';
import { LocalStackError } from './localStackError.js';
import { begin, type Plan, type Start } from './startPlan.js';
import { deathOf, type Part, type Processes } from './processes.js';

/** What a supervisor reports of a part: one line for the person who started the stack. */
export type PartEvent =
  | { part: string; event: 'crashed'; why: string; againInMs: number; log: string }
  | { part: string; event: 'recovered'; afterMs: number }
  | { part: string; event: 'restarted'; afterMs: number };

/** The pause before a part is started again, doubled with each crash, ms. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A part that has run for this long is healthy, and its next crash counts as the first, ms. */
const HEALTHY_MS = 60_000;
/** After this many crashes in a row another start is no remedy. */
const MOST_CRASHES = 5;

/**
 * Starts parts, and starts each of them again when it crashes, on the same ports and from its files. A part that can't
 * be started at first rejects; one that keeps crashing is a failure of the stack.
 * @param tell is called with each crash and each recovery
 */
export const supervise =
  (
    processes: Processes,
    tell: (event: PartEvent) => void,
    { firstPauseMs = FIRST_PAUSE_MS }: { firstPauseMs?: number } = {},
  ): Start =>
  async (plan) => {
    const part = await begin(processes, plan);
    void keepRunning(processes, plan, part, { tell, firstPauseMs });
  };

interface Crash {
  reason: Error;
  /** How long the part had run; 0 when it could not be started. */
  ranMs: number;
  /** It ended by a restart, not by a crash. */
  isRestart?: boolean;
}

async function keepRunning(
  processes: Processes,
  plan: Plan,
  first: Part,
  { tell, firstPauseMs }: { tell: (event: PartEvent) => void; firstPauseMs: number },
): Promise<void> {
  const { name } = plan.command;
  const { log } = first;
  let crash = await crashOf(first);
  let awaySince = Date.now();
  let crashes = 0;
  while (!processes.isStopping) {
    const { isRestart = false } = crash;
    if (isRestart) crashes = 0;
    else {
      const { message } = crash.reason;
      crashes = crash.ranMs < HEALTHY_MS ? crashes + 1 : 1;
      if (crashes === MOST_CRASHES) {
        processes.fail(new LocalStackError(`${name} keeps crashing: ${crashes} times in a row. ${message}`));
        return;
      }
      const againInMs = Math.min(firstPauseMs * 2 ** (crashes - 1), LONGEST_PAUSE_MS);
      const [why = ''] = message.split('\n', 1);
      tell({ part: name, event: 'crashed', why, againInMs, log });
      await sleep(againInMs, undefined, { ref: false });
    }
    try {
      const part = await begin(processes, plan);
      const event = isRestart ? 'restarted' : 'recovered';
      tell({ part: name, event, afterMs: Date.now() - awaySince });
      crash = await crashOf(part);
      awaySince = Date.now();
    } catch (error) {
      crash = { reason: error instanceof Error ? error : new Error(String(error)), ranMs: 0 };
    }
  }
}

async function crashOf(part: Part): Promise<Crash> {
  const since = Date.now();
  const how = await part.ended;
  return { reason: deathOf(part, how), ranMs: Date.now() - since, isRestart: part.isRestarting };
}
