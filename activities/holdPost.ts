import { holdPost as hold } from '../src/store/leads/heldPosts.js';
import type { Deps } from './deps.js';

export interface HoldRequest {
  leadId: string;
  contract: string;
  buyer: string;
  /** When the post is called off unless ops have decided, UTC ms. */
  until: number;
}

/** Notes that a post waits for the decision of ops. */
export const holdPost =
  ({ database, log }: Pick<Deps, 'database' | 'log'>) =>
  async ({ leadId, contract, buyer, until }: HoldRequest): Promise<void> => {
    await hold(database, leadId, contract, new Date(until));
    log.warn({ lead_id: leadId, contract, event: 'post_held', buyer, until: new Date(until).toISOString() });
  };
