import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { MARKET_CHANGED, workflowId } from './names.js';

/** Changes of the market, and the waiting leads that each of them might concern. */
export interface Wakes {
  /** The leads of the next change, or undefined where there is none. */
  next(): Promise<{ leadIds: string[]; done(): Promise<void> } | undefined>;
}

/** At once, so that a change of a large campaign is no stampede. */
const AT_ONCE = 10;

/** Wakes the leads of one change of the market; returns how many. */
export async function wakeOnce(client: Client, wakes: Wakes): Promise<number> {
  const wake = await wakes.next();
  if (!wake) return 0;
  const { leadIds } = wake;
  for (let i = 0; i < leadIds.length; i += AT_ONCE) {
    await Promise.all(leadIds.slice(i, i + AT_ONCE).map((leadId) => wakeLead(client, leadId)));
  }
  await wake.done();
  return leadIds.length;
}

async function wakeLead(client: Client, leadId: string): Promise<void> {
  try {
    await client.withDeadline(Date.now() + 10_000, () =>
      client.workflow.getHandle(workflowId(leadId)).signal(MARKET_CHANGED),
    );
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
