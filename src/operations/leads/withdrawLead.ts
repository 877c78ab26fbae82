import { setTimeout as sleep } from 'node:timers/promises';
import { isEnd } from '../../market/model/lead.js';
import type { WithdrawnBy } from '../../market/model/statusView.js';
import type { Database } from '../../store/db.js';
import { findLeadSummary, type LeadSummary } from '../../store/leads/leads.js';
import { endWithdrawn, withdraw } from '../../store/leads/withdrawals.js';

/** How long the response waits for a post in progress, ms. It is sent within a second, also on a busy machine. */
const TIMEOUT_MS = 600;
const POLL_INTERVAL_MS = 50;

interface Asked {
  by: string;
  asked: WithdrawnBy;
  /** Notifies the lead's workflow without waiting. */
  notify: (leadId: string) => unknown;
}

/**
 * Withdraws a lead and returns its new status: `withdrawn`, or `sold` if a buyer bought it. It waits a moment for a post in
 * progress. If the buyer does not answer in time, the lead stays `pending` with its withdrawal, and the answer decides. This
 * works while Temporal is down.
 */
export async function withdrawLead(
  database: Database,
  lead: LeadSummary,
  { by, asked, notify }: Asked,
): Promise<LeadSummary> {
  if (isEnd(lead.status) && lead.status !== 'sold') return lead;
  const until = Date.now() + TIMEOUT_MS;
  let state = await withdraw(database, lead._id, { by, asked });
  notify(lead._id);
  while (state === 'withdrawing' && Date.now() < until) {
    await sleep(POLL_INTERVAL_MS);
    state = await endWithdrawn(database, lead._id);
  }
  return (await findLeadSummary(database, lead._id)) ?? lead;
}
