import type { Client } from '@temporalio/client';
import type { Log } from '../log.js';
import type { LeadFacts } from '../market/model/lead.js';
import { runPeriodically, type PeriodicTask } from '../temporal/runPeriodically.js';
import { startIfMissing } from '../temporal/startLead.js';
import { notifyWithdrawn } from '../temporal/leadWorkflowClient.js';

/** A lead that should have made progress and did not. */
export interface OverdueLead {
  facts: LeadFacts;
  /** It was withdrawn, and its workflow may not know yet. */
  isWithdrawn: boolean;
}

/** Finds overdue leads, and postpones the next check of handled ones. */
export interface OverdueLeads {
  find(before: Date, limit: number): Promise<OverdueLead[]>;
  postpone(leadIds: string[], lookAgainAt: Date): Promise<void>;
}

/** A lead is overdue when it has not moved for this long after it should have, ms. */
const GRACE_MS = 5_000;
/** A handled lead is not checked again for this long, ms: its workflow may still be queued. */
const AGAIN_MS = 60_000;
const EVERY_MS = 2_000;
/** Ten a second: a backlog after an outage starts in order of age, and leaves capacity for new leads. */
const BATCH = 20;

/**
 * Starts stored leads that have no workflow: Temporal was down, or a process died between storing and starting. It also
 * notifies the workflows of withdrawn leads, if the process that withdrew them could not. It decides by the lead's own
 * due time, because Temporal forgets finished ids after its retention.
 */
export const startSweep = (
  client: Client,
  taskQueue: string,
  overdue: OverdueLeads,
  log: Log,
): PeriodicTask =>
  runPeriodically(
    (signal) => client.withAbortSignal(signal, () => sweepBatch(client, taskQueue, overdue)),
    { everyMs: EVERY_MS, done: { event: 'sweep' }, failed: { event: 'sweep_failed' } },
    log,
  );

/** One pass over at most a batch; returns how many workflows it started. */
export async function sweepBatch(client: Client, taskQueue: string, overdue: OverdueLeads): Promise<number> {
  const leads = await overdue.find(new Date(Date.now() - GRACE_MS), BATCH);
  const started = await Promise.allSettled(leads.map((lead) => ensureStarted(client, taskQueue, lead)));
  const seenTo = leads.filter((_lead, i) => started[i]?.status === 'fulfilled');
  await overdue.postpone(
    seenTo.map(({ facts }) => facts.leadId),
    new Date(Date.now() + AGAIN_MS),
  );
  for (const one of started) if (one.status === 'rejected') throw one.reason;
  return started.filter((one) => one.status === 'fulfilled' && one.value).length;
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
