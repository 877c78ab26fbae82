import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WaitUpdate } from '../market/waiting/waiting.js';
import { MARKET_CHANGED_SIGNAL, workflowId } from '../temporal/names.js';

/** Market changes, and the waiting leads that each of them affects. */
export interface MarketChanges {
  /** The leads of the next change and the news for them; undefined if there is none. */
  next(): Promise<
    | {
        leads: { leadId: string; news: 'now' | WaitUpdate }[];
        extendLease(): Promise<void>;
        done(): Promise<void>;
      }
    | undefined
  >;
}

/** Concurrent signals; a limit, so that a change of a large campaign is no stampede. */
const AT_ONCE = 10;
/** The worker extends its lease after this number of leads. */
const KEEP_EVERY = 1000;

/** Signals the leads of one market change; returns how many. */
export async function signalNextMarketChange(client: Client, wakes: MarketChanges): Promise<number> {
  const wake = await wakes.next();
  if (!wake) return 0;
  const { leads } = wake;
  for (let i = 0; i < leads.length; i += AT_ONCE) {
    if (i % KEEP_EVERY === 0 && i > 0) await wake.extendLease();
    await Promise.all(
      leads.slice(i, i + AT_ONCE).map(({ leadId, news }) => signalLead(client, leadId, news)),
    );
  }
  await wake.done();
  return leads.length;
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
