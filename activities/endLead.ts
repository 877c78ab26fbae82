import type { LeadStatus } from '../src/market/lead.js';
import { endLead as store } from '../src/store/leads.js';
import { measured } from '../src/metrics.js';
import type { Deps } from './index.js';

/** Ends an unsold lead; returns how it stands, which is `sold` where a sale came first. */
export const endLead =
  ({ database, log }: Deps) =>
  async (request: { leadId: string; status: 'expired' | 'withdrawn' }): Promise<LeadStatus | undefined> => {
    const status = await store(database, request.leadId, request.status);
    if (status === request.status) measured.unsold(1, { status });
    log.info({ lead_id: request.leadId, event: 'ended', status });
    return status;
  };
