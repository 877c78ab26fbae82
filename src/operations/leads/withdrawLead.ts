import { setTimeout as sleep } from 'node:timers/promises';
import { isEnd } from '../../market/model/lead.js';
import type { WithdrawnBy } from '../../market/model/statusView.js';
import type { Database } from '../../store/db.js';
import { findLeadSummary, type LeadSummary } from '../../store/leads/leads.js';
import { endWithdrawn, withdraw } from '../../store/leads/withdrawals.js';

/** How long the answer waits for a post in flight, ms: it is out within a second. */
const PATIENCE_MS = 800;
const LOOK_EVERY_MS = 50;

interface Asked {
  /** Who asked, in words. */
  by: string;
  /** Of whom. */
  asked: WithdrawnBy;
  /** Notifies the lead's workflow, and waits for nothing. */
  notify: (leadId: string) => unknown;
}

/**
 * Takes a lead off sale and returns it as it stands after that: `withdrawn`, or `sold` if a buyer has bought it. If a
 * post is in flight it waits a moment for that buyer's answer; without one in time the lead is still on sale in name, with
 * its withdrawal, and ends by that answer. The database alone decides; Temporal may be away.
 */
export async function withdrawLead(
  database: Database,
  lead: LeadSummary,
  { by, asked, notify }: Asked,
): Promise<LeadSummary> {
  if (isEnd(lead.status) && lead.status !== 'sold') return lead;
  const until = Date.now() + PATIENCE_MS;
  let state = await withdraw(database, lead._id, { by, asked });
  notify(lead._id);
  while (state === 'withdrawing' && Date.now() < until) {
    await sleep(LOOK_EVERY_MS);
    state = await endWithdrawn(database, lead._id);
  }
  return (await findLeadSummary(database, lead._id)) ?? lead;
}
