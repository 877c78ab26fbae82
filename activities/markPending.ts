import type { LeadReason } from '../src/market/model/reason.js';
import { fullUntil, waitInWords, type WaitingLead } from '../src/market/wording/waitingLead.js';
import { conclude } from '../src/market/auction/decide.js';
import { waitingRound, type Wait, type WaitUpdate } from '../src/market/waiting/waiting.js';
import { markPending as store } from '../src/store/leads/leads.js';
import { lastRoundOf } from '../src/store/leads/rounds.js';
import type { LeadState } from '../src/store/leads/withdrawals.js';
import type { Deps } from './deps.js';
import { historyInWords, storedLead } from './endOf.js';

export interface Pending {
  leadId: string;
  reason: LeadReason;
  wait: Wait;
  /** The next events by its last round and the market changes since; absent if there were none. */
  heard?: WaitUpdate & { round: number };
  /** The API process whose source waits for the outcome; absent if none does. */
  answerTo?: string;
}

/** The lead's state, and what ops read while it waits. */
export interface MarkedPending extends Pick<WaitingLead, 'waitsFor' | 'story' | 'lastRound'> {
  state: LeadState;
}

/** Stores that the lead is unsold, the reason and the end of its wait; returns its state: a withdrawn lead does not wait. */
export const markPending =
  ({ database, announce }: Deps) =>
  async ({ leadId, wait, reason, heard, answerTo }: Pending): Promise<MarkedPending> => {
    const state = await store(database, leadId, new Date(wait.at), { reason, foreseen: heard });
    const lead = await storedLead(database, leadId);
    if (answerTo !== undefined && state === 'pending') announce?.(leadId, answerTo, { status: state });
    const last = lastRoundOf(lead);
    const full =
      last && fullUntil(conclude(last.round, last.answers), waitingRound(last.round, last.answers).changes);
    return {
      state: state ?? lead.status,
      waitsFor: waitInWords(wait, full),
      ...(await historyInWords(database, lead)),
    };
  };
