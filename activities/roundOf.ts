import type { Round } from '../src/market/model/round.js';
import type { Database } from '../src/store/db.js';
import { UnknownLeadError } from '../src/store/leads/leads.js';
import type { LeadDocument } from '../src/store/documents.js';
import { findLeadForRound, findRound } from '../src/store/leads/rounds.js';

/**
 * A lead and one of its rounds, for a step that continues it.
 * @throws UnknownLeadError if there is no such lead
 * @throws Error if there is no such round: it is stored before such a step is asked for
 */
export async function roundOf(
  database: Database,
  leadId: string,
  number: number,
): Promise<{ lead: LeadDocument; round: Round }> {
  const lead = await findLeadForRound(database, leadId);
  if (lead === null) throw new UnknownLeadError(leadId);
  const round = lead.rounds[number] ?? (await findRound(database, leadId, number));
  if (!round) throw new Error(`Lead ${leadId} has no round ${number}`);
  return { lead, round };
}
