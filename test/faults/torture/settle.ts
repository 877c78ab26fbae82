import { setTimeout as sleep } from 'node:timers/promises';
import { LEAD_WORKFLOW } from '../../../src/temporal/names.js';
import type { Progress } from '../../../src/terminal/progress.js';
import type { Stage } from './stage.js';

/** Unfinished leads, workflows and reservations. */
export interface Open {
  /** Accepted leads that have not ended. */
  leads: number;
  /** Running workflows: of these leads, and of leads with undelivered notifications. */
  lives: number;
  /** Reservations that are neither confirmed nor released. */
  reservations: number;
}

const isSettled = (open: Open): boolean => Object.values(open).every((count) => count === 0);

const LOOK_EVERY_MS = 1000;

/** Waits until everything has ended; returns what is unfinished at the timeout. */
export async function settle(stage: Stage, withinMs: number, progress: Progress): Promise<Open> {
  const until = Date.now() + withinMs;
  for (;;) {
    const open = await lookAround(stage);
    if (isSettled(open) || Date.now() > until) return open;
    progress(`settling: ${openInWords(open)}`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function lookAround({ database, temporal }: Stage): Promise<Open> {
  const [leads, unsettled, { count }] = await Promise.all([
    database.leads.countDocuments({ status: { $in: ['received', 'pending'] } }),
    database.leads.countDocuments({ 'unsettled.0': { $exists: true } }),
    temporal.workflow.count(`WorkflowType = '${LEAD_WORKFLOW}' AND ExecutionStatus = 'Running'`),
  ]);
  return { leads, lives: count, reservations: unsettled };
}

export const openInWords = ({ leads, lives, reservations }: Open): string =>
  `${leads} leads, ${lives} lives, ${reservations} reservations are open`;
