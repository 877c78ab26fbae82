import type { Round } from '../src/market/round.js';
import type { Database } from '../src/store/db.js';
import type { LeadDocument } from '../src/store/leads.js';
import { findLeadForRound, findRound } from '../src/store/rounds.js';

/**
 * A lead and one of its rounds, for a step that goes on with it.
 * @throws Error where there is none: the round is stored before such a step is asked for
 */
export async function roundOf(
  database: Database,
  leadId: string,
  number: number,
): Promise<{ lead: LeadDocument; round: Round }> {
  const lead = await findLeadForRound(database, leadId);
  const round = lead?.rounds[number] ?? (await findRound(database, leadId, number));
  if (!lead || !round) throw new Error(`Lead ${leadId} has no round ${number}`);
  return { lead, round };
}
