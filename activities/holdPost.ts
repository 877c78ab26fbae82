import type { WaitingLead } from '../src/market/wording/waitingLead.js';
import { holdPost as hold } from '../src/store/leads/heldPosts.js';
import type { Deps } from './deps.js';
import { historyInWords, storedLead } from './endOf.js';

export interface HoldRequest {
  leadId: string;
  contract: string;
  buyer: string;
  /** When the post is cancelled unless ops have decided, UTC ms. */
  until: number;
  /** The API process whose source waits for the outcome; absent if none does. */
  answerTo?: string;
}

/** Stores that a post waits for the decision of ops; returns what they read of its lead. */
export const holdPost =
  ({ database, log, announce }: Deps) =>
  async (request: HoldRequest): Promise<Pick<WaitingLead, 'story' | 'lastRound'>> => {
    const { leadId, contract, buyer, until, answerTo } = request;
    await hold(database, leadId, contract, new Date(until));
    if (answerTo !== undefined) announce?.(leadId, answerTo, { status: 'pending' });
    log.warn({ lead_id: leadId, contract, event: 'post_held', buyer, until: new Date(until).toISOString() });
    return historyInWords(database, await storedLead(database, leadId));
  };
