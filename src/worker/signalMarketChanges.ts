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
 * Leads that a process notifies per second. Each may start a round: a change that affects many leads takes its time, and
 * leaves capacity for new leads.
 */
export const NOTIFIED_PER_SECOND = 20;

/** Signals the next leads of a market change, in order; returns how many. */
export async function signalNextMarketChange(client: Client, changes: MarketChanges): Promise<number> {
  const batch = await changes.next();
  if (!batch) return 0;
  for (const { leadId, news } of batch.leads) {
    const pause = sleep(1000 / NOTIFIED_PER_SECOND);
    await signalLead(client, leadId, news);
    await pause;
  }
  await batch.done();
  return batch.leads.length;
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
