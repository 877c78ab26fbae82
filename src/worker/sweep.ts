import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Log } from '../log.js';
import type { LeadFacts } from '../market/model/lead.js';
import { runPeriodically, type PeriodicTask } from '../temporal/runPeriodically.js';
import { startIfMissing } from '../temporal/startLead.js';
import { OVERDUE_AFTER_MS } from '../store/leads/leads.js';
import { notifyWithdrawn } from '../temporal/leadWorkflowClient.js';

/** A lead that should have made progress and did not. */
export interface OverdueLead {
  facts: LeadFacts;
  /** It was withdrawn, and its workflow may not know yet. */
  isWithdrawn: boolean;
}

/** A lead whose source waits has waited for a worker itself if it starts this late after its receipt, ms. */
const WAITED_MS = 250;
/** For how long this counts, ms. */
const RUSH_MS = 2000;

/** A time in which new leads wait for workers. */
export interface Rush {
  /** The first round of a lead whose source waits starts. */
  started(receivedAt: Date): void;
  readonly isOn: boolean;
}

/** @param now UTC ms */
export function watchForRush(now: () => number = Date.now): Rush {
  let last = 0;
  return {
    started: (receivedAt) => {
      if (now() - receivedAt.getTime() >= WAITED_MS) last = now();
    },
    get isOn() {
      const ago = now() - last;
      // A clock that was set back does not prolong it.
      return ago >= 0 && ago < RUSH_MS;
    },
  };
}

/** Finds overdue leads, postpones the next check of handled ones, and says which of them have not started their first round. */
export interface OverdueLeads {
  find(before: Date, limit: number): Promise<OverdueLead[]>;
  postpone(leadIds: string[], lookAgainAt: Date): Promise<void>;
  waiting(leadIds: string[]): Promise<string[]>;
}

/** A handled lead is not checked again for this long, ms: its workflow may still be queued. */
const AGAIN_MS = 60_000;
const EVERY_MS = 2_000;
/** Leads that have been started and wait for a worker, at most: a backlog starts as fast as it can be sold. */
const MOST_WAITING = 20;
/** The same while new leads wait for workers: they take the time that the machine has. */
const MOST_IN_RUSH = 1;
/** When to look which of them still wait, ms, and for how long they count. */
const LOOK_AGAIN_MS = 250;
const COUNTS_FOR_MS = 10_000;

/**
 * Starts stored leads that have no workflow: the API has deferred them, Temporal was down, or a process died between
 * storing and starting. It also notifies the workflows of withdrawn leads, if the process that withdrew them could not. It
 * decides by the lead's own due time, because Temporal forgets finished ids after its retention.
 */
export function startSweep(
  client: Client,
  taskQueue: string,
  { overdueLeads: overdue, rush }: { overdueLeads: OverdueLeads; rush: Pick<Rush, 'isOn'> },
  log: Log,
): PeriodicTask {
  let waiting = new Map<string, number>();
  /** How many more leads may be started now. */
  const room = async (): Promise<number> => {
    const recent = [...waiting].filter(([, at]) => at > Date.now() - COUNTS_FOR_MS);
    const still = new Set(recent.length === 0 ? [] : await overdue.waiting(recent.map(([id]) => id)));
    waiting = new Map(recent.filter(([id]) => still.has(id)));
    return Math.max(0, (rush.isOn ? MOST_IN_RUSH : MOST_WAITING) - waiting.size);
  };
  const sweep = async (signal: AbortSignal): Promise<number> => {
    let limit = await room();
    while (limit === 0 && !signal.aborted) {
      await beforeNextLook(signal);
      limit = await room();
    }
    if (signal.aborted) return 0;
    const started = await client.withAbortSignal(signal, () => sweepBatch(client, taskQueue, overdue, limit));
    for (const id of started) waiting.set(id, Date.now());
    if (started.length > 0) await beforeNextLook(signal);
    return started.length;
  };
  const events = { done: { event: 'sweep' }, failed: { event: 'sweep_failed' } };
  return runPeriodically(sweep, { everyMs: EVERY_MS, repeatUntilIdle: true, ...events }, log);
}

/** Ends early when the sweep is stopped. */
const beforeNextLook = (signal: AbortSignal): Promise<void> =>
  sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);

/** One pass over at most `limit` leads; returns those whose workflows it started. */
export async function sweepBatch(
  client: Client,
  taskQueue: string,
  overdue: Pick<OverdueLeads, 'find' | 'postpone'>,
  limit: number,
): Promise<string[]> {
  const leads = await overdue.find(new Date(Date.now() - OVERDUE_AFTER_MS), limit);
  const handled = await Promise.allSettled(leads.map((lead) => ensureStarted(client, taskQueue, lead)));
  const seenTo = leads.filter((_lead, i) => handled[i]?.status === 'fulfilled');
  await overdue.postpone(
    seenTo.map(({ facts }) => facts.leadId),
    new Date(Date.now() + AGAIN_MS),
  );
  return leads.flatMap(({ facts }, i) => {
    const one = handled[i];
    if (one?.status === 'rejected') throw one.reason;
    return one?.value === true ? facts.leadId : [];
  });
}

/** @returns whether the lead had no workflow, and has one now */
async function ensureStarted(
  client: Client,
  taskQueue: string,
  { facts, isWithdrawn }: OverdueLead,
): Promise<boolean> {
  const isStarted = await startIfMissing(client, facts, taskQueue, 10_000);
  if (isWithdrawn) await notifyWithdrawn(client, facts.leadId);
  return isStarted;
}
