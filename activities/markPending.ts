import type { LeadReason } from '../src/market/model/reason.js';
import type { WaitUpdate } from '../src/market/waiting/waiting.js';
import { markPending as store } from '../src/store/leads/leads.js';
import type { LeadState } from '../src/store/leads/withdrawals.js';
import type { Deps } from './deps.js';

export interface Pending {
  leadId: string;
  reason: LeadReason;
  /** Until when it waits, UTC ms. */
  until: number;
  /** What its last round foresees by now, after what it was told since; absent: it was told nothing. */
  heard?: WaitUpdate & { round: number };
}

/** Notes that the lead is unsold, why, and until when it waits; returns how it stands: a withdrawn one does not wait. */
export const markPending =
  ({ database }: Deps) =>
  async ({ leadId, until, reason, heard }: Pending): Promise<LeadState | undefined> =>
    store(database, leadId, new Date(until), { reason, foreseen: heard });
