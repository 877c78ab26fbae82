import type { LeadReason } from '../src/market/model/reason.js';
import { withdrawnBy, type WithdrawnBy } from '../src/market/model/statusView.js';
import { metrics } from '../src/metrics.js';
import { expireLead, findLeadSummary, stateForWorkflow } from '../src/store/leads/leads.js';
import { withdraw, type LeadState } from '../src/store/leads/withdrawals.js';
import type { Deps } from './deps.js';

export interface EndRequest {
  leadId: string;
  status: 'expired' | 'withdrawn';
  /** Why an expired lead is unsold; unless given, as its last round says. */
  reason?: LeadReason;
}

/** How the lead stands after that. */
export interface Ended {
  state: LeadState | undefined;
  /** Of a withdrawn lead: who took it off sale, if that is stored. */
  withdrawnBy?: WithdrawnBy;
}

/** Ends an unsold lead that no buyer holds; returns how it stands: `sold` if a sale came first. */
export const endLead =
  ({ database, log }: Deps) =>
  async ({ leadId, status, reason }: EndRequest): Promise<Ended> => {
    if (status === 'withdrawn') await withdraw(database, leadId);
    const state =
      status === 'expired'
        ? await expireLead(database, leadId, reason)
        : await stateForWorkflow(database, leadId);
    if (state === 'expired' || state === 'withdrawn') metrics.unsold(1, { status: state });
    log.info({ lead_id: leadId, event: 'ended', status: state });
    const lead = state === 'withdrawn' ? await findLeadSummary(database, leadId) : null;
    return { state, withdrawnBy: lead === null ? undefined : withdrawnBy(lead) };
  };
