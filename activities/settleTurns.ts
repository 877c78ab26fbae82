import { settleTurns as store } from '../src/store/fairness/turnsStore.js';
import type { CreditChanges } from '../src/market/auction/turns.js';
import type { Deps } from './deps.js';

export interface SettleTurnsRequest {
  leadId: string;
  round: number;
  campaign: string;
  changes: CreditChanges;
}

/** Gives turns back whose contracts were not sent the lead, and charges those that were sent it out of turn. */
export const settleTurns =
  ({ database }: Deps) =>
  async (request: SettleTurnsRequest): Promise<void> =>
    store(database, request);
