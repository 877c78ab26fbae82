import { withdraw, type LeadState } from '../src/store/leads/withdrawals.js';
import type { Deps } from './deps.js';

/** Withdraws a lead by an update that was sent to its workflow. */
export const withdrawLead =
  ({ database }: Deps) =>
  ({ leadId }: { leadId: string }): Promise<LeadState | undefined> =>
    withdraw(database, leadId, { by: 'an update in Temporal', asked: 'ops' });
