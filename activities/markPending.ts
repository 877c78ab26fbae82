import type { LeadReason } from '../src/market/model/reason.js';
import type { WaitUpdate } from '../src/market/waiting/waiting.js';
import { markPending as store } from '../src/store/leads/leads.js';
import type { LeadState } from '../src/store/leads/withdrawals.js';
import type { Deps } from './deps.js';

export interface Pending {
  leadId: string;
  reason: LeadReason;
  /** End of the wait, UTC ms. */
  until: number;
  /** The next events by its last round and the market changes since; absent if there were none. */
  heard?: WaitUpdate & { round: number };
}

/** Stores that the lead is unsold, the reason and the end of its wait; returns its status: a withdrawn lead does not wait. */
export const markPending =
  ({ database }: Deps) =>
  async ({ leadId, until, reason, heard }: Pending): Promise<LeadState | undefined> =>
    store(database, leadId, new Date(until), { reason, foreseen: heard });
