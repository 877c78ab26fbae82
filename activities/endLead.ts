import type { LeadReason } from '../src/market/reason.js';
import { measured } from '../src/metrics.js';
import { expireLead, stateForLife } from '../src/store/leads.js';
import { withdraw, type LeadState } from '../src/store/withdrawals.js';
import type { Deps } from './index.js';

export interface EndRequest {
  leadId: string;
  status: 'expired' | 'withdrawn';
  /** Why an expired lead is unsold; unless given, as its last round says. */
  reason?: LeadReason;
}

/** Ends an unsold lead that no buyer holds; returns how it stands: `sold` if a sale came first. */
export const endLead =
  ({ database, log }: Deps) =>
  async ({ leadId, status, reason }: EndRequest): Promise<LeadState | undefined> => {
    const state =
      status === 'expired' ? await expireLead(database, leadId, reason) : await end(database, leadId);
    if (state === 'expired' || state === 'withdrawn') measured.unsold(1, { status: state });
    log.info({ lead_id: leadId, event: 'ended', status: state });
    return state;
  };

async function end(database: Deps['database'], leadId: string): Promise<LeadState | undefined> {
  await withdraw(database, leadId);
  return stateForLife(database, leadId);
}
