import { proxyActivities } from '@temporalio/workflow';
import type { PlainSteps } from '../plainSteps.js';

const { plan, ping, decide, post, book } = proxyActivities<PlainSteps>({ startToCloseTimeout: '45 s' });

/** The plain way to sell a lead with Temporal: one activity per step, and the workflow's result is the answer. */
export async function plain(leadId: string): Promise<{ sold: boolean }> {
  const buyers = await plan(leadId);
  const bids = await Promise.all(buyers.map((buyer) => ping(leadId, buyer)));
  const best = await decide(leadId, bids);
  if (best === undefined || !(await post(leadId, best))) return { sold: false };
  await book(leadId, best);
  return { sold: true };
}
