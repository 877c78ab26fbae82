import type { LeadStatus } from '../src/market/lead.js';
import type { LeadReason } from '../src/market/reason.js';
import { markPending as store } from '../src/store/leads.js';
import type { Deps } from './index.js';

/** Notes that the lead is unsold, why, and until when (UTC ms) it waits; returns how it stands. */
export const markPending =
  ({ database }: Deps) =>
  async (request: { leadId: string; until: number; reason: LeadReason }): Promise<LeadStatus | undefined> =>
    store(database, request.leadId, new Date(request.until), request.reason);
