import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WaitUpdate } from '../market/waiting/waiting.js';
import { MARKET_CHANGED_SIGNAL, workflowId } from '../temporal/names.js';

/** Market changes, and the waiting leads that each of them affects. */
export interface MarketChanges {
  /** The next leads of a change, oldest first, and the news for them; undefined if there is no change. */
  next(): Promise<
    { leads: { leadId: string; news: 'now' | WaitUpdate }[]; done(): Promise<void> } | undefined
  >;
}

/**
 * Leads that a process notifies per second. Each may start a round, which takes as much CPU time as two new leads: a change
 * that affects many leads takes its time, and leaves the machine to new leads while it is busy.
 */
export const NOTIFIED_PER_SECOND = 20;
export const NOTIFIED_PER_SECOND_BUSY = 5;

/** The share of CPU time from which on the machine or the process is busy. */
const BUSY_CPU = 0.6;
/** How often a busy machine is looked at, ms. */
const LOOK_EVERY_MS = 50;

/**
 * Signals the next leads of a market change, in order; returns how many.
 * @param cpuShare how busy the machine or this process was lately, from 0 to 1
 */
export async function signalNextMarketChange(
  client: Client,
  changes: MarketChanges,
  cpuShare: () => number,
): Promise<number> {
  const batch = await changes.next();
  if (!batch) return 0;
  for (const { leadId, news } of batch.leads) {
    const paused = pauseBetween(cpuShare);
    await signalLead(client, leadId, news);
    await paused;
  }
  await batch.done();
  return batch.leads.length;
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
