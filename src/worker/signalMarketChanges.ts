import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WaitUpdate } from '../market/waiting/waiting.js';
import { MARKET_CHANGED_SIGNAL, workflowId } from '../temporal/names.js';

/** Market changes, and the waiting leads that each of them affects. */
export interface MarketChanges {
  /** The next leads of a change, oldest first; undefined if there is no change. */
  next(): Promise<AffectedLeads | undefined>;
}

/** Leads of a market change, and the news for them. */
export interface AffectedLeads {
  leads: { leadId: string; news: 'now' | WaitUpdate }[];
  /** @param upTo the last lead that was notified, if some were not */
  done(upTo?: string): Promise<void>;
}

/**
 * Leads that a process notifies per second. Each may start a round, which takes as much CPU time as two new leads: a change
 * that affects many leads takes its time, and leaves the machine to new leads while it is busy.
 */
export const NOTIFIED_PER_SECOND = 20;
export const NOTIFIED_PER_SECOND_BUSY = 5;

/** The share of CPU time from which on the machine or the process is busy. */
const BUSY_CPU = 0.6;
/** No lead is notified later than this in its batch: well within the batch's lease (src/store/marketChanges.ts), ms. */
const BATCH_MS = 15_000;
/** How often a busy machine is looked at, ms. */
const LOOK_EVERY_MS = 50;

/**
 * Signals the next leads of a market change, in order; returns how many. Ends early if it is aborted.
 * @param cpuShare how busy the machine or this process was lately, from 0 to 1
 */
export async function signalNextMarketChange(
  client: Client,
  changes: MarketChanges,
  cpuShare: () => number,
  signal?: AbortSignal,
): Promise<number> {
  const batch = await changes.next();
  if (!batch) return 0;
  const until = performance.now() + BATCH_MS;
  const notified: string[] = [];
  for (const { leadId, news } of batch.leads) {
    if (signal?.aborted === true || performance.now() > until) break;
    const paused = pauseBetween(cpuShare);
    await signalLead(client, leadId, news);
    notified.push(leadId);
    await paused;
  }
  if (notified.length === batch.leads.length) await batch.done();
  else if (notified.length > 0) await batch.done(notified.at(-1));
  return notified.length;
}

/** Waits as long as it takes from one lead to the next. */
export async function pauseBetween(cpuShare: () => number): Promise<void> {
  const began = performance.now();
  await sleep(1000 / NOTIFIED_PER_SECOND);
  while (cpuShare() > BUSY_CPU && performance.now() - began < 1000 / NOTIFIED_PER_SECOND_BUSY)
    await sleep(LOOK_EVERY_MS);
}

/** Signals a lead's workflow unless it has ended. */
export async function signalLead(client: Client, leadId: string, news: 'now' | WaitUpdate): Promise<void> {
  const args = news === 'now' ? [] : [news];
  try {
    await client.withDeadline(Date.now() + 10_000, () =>
      client.workflow.getHandle(workflowId(leadId)).signal(MARKET_CHANGED_SIGNAL, ...args),
    );
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
