import type { Filter } from 'mongodb';
import { conclude } from '../../market/auction/decide.js';
import type { PersonHashes } from '../../market/limits/duplicates.js';
import type { LeadStatus } from '../../market/model/lead.js';
import type { LeadReason, Reason } from '../../market/model/reason.js';
import type { Database } from '../db.js';
import { HELD_FOR_OPS } from './heldPosts.js';
import type { StoredLead } from '../documents.js';
import { lastRoundOf } from './rounds.js';

/** Filters for leads. An absent filter matches all. */
export interface LeadQuery {
  /** Every hash that is given must be the lead's. */
  match?: PersonHashes;
  status?: LeadStatus;
  /** With a post that is held for a decision by ops. */
  held?: boolean;
  /** The seller's code. */
  seller?: string;
  campaign?: string;
  /** The lead's own reason. */
  reason?: LeadReason;
  /** A buyer of the lead. */
  boughtBy?: string;
  since?: Date;
  /** Only older leads than this one, for paging. */
  before?: string;
}

/** A lead in lists: without person and rounds. */
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

/** Newest first, by id, which begins with the time. */
export async function listLeads({ leads }: Database, query: LeadQuery, limit: number): Promise<ListedLead[]> {
  return leads
    .find(those(query))
    .project<ListedLead>({ person: 0, rounds: 0 })
    .sort({ _id: -1 })
    .limit(limit)
    .toArray();
}

/** Leads per read: a round may be large. */
const BATCH = 200;

/**
 * The newest leads whose last round ended for a buyer with a reason. No index has it, so the rounds of up to `mostRead`
 * leads are read.
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
    const lastRound = lastRoundOf(lead);
    const outcomes = lastRound === undefined ? [] : conclude(lastRound.round, lastRound.answers);
    if (outcomes.some((one) => one.buyer === buyer && !one.sold && one.reason === reason)) found.push(lead);
    if (found.length === limit) return { leads: found, searchedTo: last };
  }
  return { leads: found, searchedTo: read === mostRead ? last : undefined };
}
