import type { Filter } from 'mongodb';
import { conclude } from '../../market/auction/decide.js';
import type { Match } from '../../market/limits/duplicates.js';
import type { LeadStatus } from '../../market/model/lead.js';
import type { LeadReason, Reason } from '../../market/model/reason.js';
import type { Database } from '../db.js';
import { HELD_FOR_OPS } from './heldPosts.js';
import type { StoredLead } from '../documents.js';
import { lastRoundOf } from './rounds.js';

/** Which leads; what is absent says nothing. */
export interface LeadQuery {
  /** Of these hashes, all that are there must be the lead's. */
  match?: Match;
  status?: LeadStatus;
  /** With a post that waits for the decision of ops. */
  held?: boolean;
  /** The seller's code. */
  seller?: string;
  campaign?: string;
  /** The lead's own reason. */
  reason?: LeadReason;
  /** A buyer that has bought it. */
  boughtBy?: string;
  since?: Date;
  /** The page after this lead. */
  before?: string;
}

/** What lists show of a lead: neither its person nor its rounds. */
export type ListedLead = Omit<StoredLead, 'person' | 'rounds'>;

const those = (query: LeadQuery): Filter<StoredLead> => {
  const { match = {}, status, held, seller, campaign, reason, boughtBy, since, before } = query;
  return {
    'match.phone': match.phone,
    'match.email': match.email,
    status,
    ...(held === true && HELD_FOR_OPS),
    seller,
    campaign,
    reason,
    buyerIds: boughtBy,
    receivedAt: since && { $gte: since },
    _id: before === undefined ? undefined : { $lt: before },
  };
};

/** The newest first: by id, which begins with the time. */
export async function listLeads({ leads }: Database, query: LeadQuery, limit: number): Promise<ListedLead[]> {
  return leads
    .find(those(query))
    .project<ListedLead>({ person: 0, rounds: 0 })
    .sort({ _id: -1 })
    .limit(limit)
    .toArray();
}

/** Leads that are read at a time: a round may be large. */
const BATCH = 200;

/**
 * The newest leads whose last round ended for a buyer with a reason. No index says so: each lead's round is read, of
 * `mostRead` leads at the most.
 */
export async function listByOutcome(
  { leads }: Database,
  query: LeadQuery,
  { buyer, reason }: { buyer: string; reason: Reason },
  { limit, mostRead }: { limit: number; mostRead: number },
): Promise<{ leads: ListedLead[]; searchedTo?: string }> {
  const cursor = leads
    .find(those(query))
    .project<Omit<StoredLead, 'person'>>({ person: 0 })
    .sort({ _id: -1 })
    .limit(mostRead)
    .batchSize(BATCH);
  const found: ListedLead[] = [];
  let read = 0;
  let last: string | undefined;
  for await (const lead of cursor) {
    read += 1;
    last = lead._id;
    const held = lastRoundOf(lead);
    const outcomes = held === undefined ? [] : conclude(held.round, held.answers);
    if (outcomes.some((one) => one.buyer === buyer && !one.sold && one.reason === reason)) found.push(lead);
    if (found.length === limit) return { leads: found, searchedTo: last };
  }
  return { leads: found, searchedTo: read === mostRead ? last : undefined };
}
