import { settleTurns as store } from '../src/store/fairness/turnsStore.js';
import type { CreditChanges } from '../src/market/auction/turns.js';
import type { Deps } from './deps.js';

export interface SettleTurnsRequest {
  leadId: string;
  round: number;
  campaign: string;
  changes: CreditChanges;
}

/** Returns the turns of contracts that did not get the lead, and charges contracts that got it out of turn. */
export const settleTurns =
  ({ database }: Deps) =>
  async (request: SettleTurnsRequest): Promise<void> =>
    store(database, request);
