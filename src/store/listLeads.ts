import type { Match } from '../market/duplicates.js';
import type { LeadStatus } from '../market/lead.js';
import type { Database } from './db.js';
import { HELD_FOR_OPS } from './heldPosts.js';
import type { StoredLead } from './person.js';

/** Which leads; what is absent says nothing. */
export interface LeadQuery {
  /** Of these hashes, all that are there must be the lead's. */
  match?: Match;
  status?: LeadStatus;
  /** With a post that waits for the decision of ops. */
  held?: boolean;
  /** The seller's code. */
  seller?: string;
  since?: Date;
  /** The page after this lead. */
  before?: string;
}

/** What lists show of a lead: neither its person nor its rounds. */
export type ListedLead = Omit<StoredLead, 'person' | 'rounds'>;

/** The newest first: by id, which begins with the time. */
export async function listLeads(
  { leads }: Database,
  { match = {}, status, held, seller, since, before }: LeadQuery,
  limit: number,
): Promise<ListedLead[]> {
  return leads
    .find({
      ...(match.phone !== undefined && { 'match.phone': match.phone }),
      ...(match.email !== undefined && { 'match.email': match.email }),
      ...(status && { status }),
      ...(held === true && HELD_FOR_OPS),
      ...(seller !== undefined && { seller }),
      ...(since && { receivedAt: { $gte: since } }),
      ...(before !== undefined && { _id: { $lt: before } }),
    })
    .project<ListedLead>({ person: 0, rounds: 0 })
    .sort({ _id: -1 })
    .limit(limit)
    .toArray();
}
