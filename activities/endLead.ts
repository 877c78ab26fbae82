import { isEnd } from '../src/market/model/lead.js';
import type { LeadReason } from '../src/market/model/reason.js';
import { expireLead, stateForWorkflow } from '../src/store/leads/leads.js';
import { withdraw, type LeadState } from '../src/store/leads/withdrawals.js';
import type { Deps } from './deps.js';
import { endOf, type End } from './endOf.js';

interface EndRequest {
  leadId: string;
  status: 'expired' | 'withdrawn';
  /** Why an expired lead is unsold; by default the reason of its last round. */
  reason?: LeadReason;
  /** The API process whose source waits for the outcome; absent if none does. */
  answerTo?: string;
}

/** Ends an unsold lead without claims. Returns its end, or `posting` while a post is in progress. */
export const endLead =
  (deps: Deps) =>
  async ({ leadId, status, reason, answerTo }: EndRequest): Promise<End | { status: 'posting' }> => {
    const { database, announce } = deps;
    if (status === 'withdrawn') await withdraw(database, leadId);
    const state =
      status === 'expired'
        ? await expireLead(database, leadId, reason)
        : await stateForWorkflow(database, leadId);
    if (!isEnd(state)) return { status: 'posting' };
    if (answerTo !== undefined && state !== 'sold') announce?.(leadId, answerTo, { status: state });
    return endOf(deps, leadId, state);
  };

/** Withdraws a lead by an update that was sent to its workflow. */
export const withdrawLead =
  ({ database }: Deps) =>
  ({ leadId }: { leadId: string }): Promise<LeadState | undefined> =>
    withdraw(database, leadId, { by: 'an update in Temporal', asked: 'ops' });
