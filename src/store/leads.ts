import type { OfferReason } from '../market/decide.js';
import type { Match } from '../market/duplicates.js';
import { fieldsForRules } from '../market/comparisons.js';
import type { LeadReturn, LeadStanding } from '../market/standing.js';
import type { FieldValue } from '../market/fields/reading.js';
import type { LeadInRound } from '../market/eligibility.js';
import { ENDED, isEnd, type EndStatus, type LeadFacts, type LeadStatus } from '../market/lead.js';
import type { Minor } from '../market/money.js';
import type { LeadReason } from '../market/reason.js';
import type { Change, Round } from '../market/round.js';
import type { News } from '../market/waiting.js';
import type { Database } from './db.js';
import { duplicateOf } from './duplicateOf.js';
import type { Erasure } from './erase.js';
import { openLead, sealLead, type StoredLead } from './person.js';
import type { Told } from './told.js';
import { endWithdrawn, NOT_WITHDRAWN, ON_SALE, type LeadState, type Withdrawal } from './withdrawals.js';

/** A post's state: `posting` → `accepted`, `refused` or `cancelled`; an accepted one may be `returned` later. */
export type ClaimStatus = 'posting' | 'accepted' | 'refused' | 'cancelled' | 'returned';

/** A buyer's hold on the lead: made before the post is sent, found again by whoever repeats it. */
export interface Claim {
  /** Also the sale's id, where it comes to one. */
  postId: string;
  status: ClaimStatus;
  round: number;
  buyer: string;
  /** Whether the buyer gets the lead for itself alone. */
  exclusive: boolean;
  /** What the buyer pays. */
  price: Minor;
  /** What the seller earns of it. */
  earns: Minor;
  /** What both are in; absent in a claim of an earlier release, which is in the lead's. */
  currency?: string;
  at: Date;
  /** A post without a clear answer that waits for the decision of ops; `until` then it is called off. */
  held?: { since: Date; until: Date };
  /** Whether there was room under the limits, or why not: the word of the try that knew first, by which all others go. */
  room?: 'taken' | NoRoom;
  endedAt?: Date;
  /** The buyer's own reference. */
  buyerLeadId?: string;
  /** Why it was refused or called off, or what was not kept of a yes; for ops. */
  detail?: string;
  /** The same with the buyer's own words; erased with the person. */
  words?: string;
}

/** What came of an offer in a round. */
export interface PassedOffer {
  round: number;
  contract: string;
  answer: OfferReason;
  detail?: string | undefined;
  /** Of a limit that left no room: when it has some again. */
  change?: Change | undefined;
}

/** The limit that left no room for a sale. */
export interface NoRoom {
  answer: Exclude<OfferReason, 'uncertain'>;
  detail?: string | undefined;
  /** When it has some again. */
  change?: Change | undefined;
}

/** What a request with an `Idempotency-Key` leaves in its lead; unique, so two requests make one lead. */
export interface Idempotency {
  /** Keyed hash of the API key's id and the header's value, which may name the person. */
  key: string;
  /** Keyed hash of the request's fields; absent once the person was erased. */
  fingerprint?: string;
  /** Until when the first request may still be waiting for its answer. */
  answeringUntil: Date;
}

/**
 * A lead with everything that happened to it. The person's data are in `fields`, `sent` and `phoneE164`, and nowhere else;
 * the database has them encrypted (`StoredLead`).
 */
export interface LeadDocument {
  _id: string;
  seller: string;
  campaign: string;
  category: string;
  key: string;
  /** Who posted it: the key's name for its source. */
  source: string;
  test: boolean;
  status: LeadStatus;
  receivedAt: Date;
  updatedAt: Date;
  /** The sweep starts the lead's workflow where nothing has happened by then; absent once the lead has ended. */
  dueAt?: Date;
  /** By name: the normal form, or what was sent if it could not be read. */
  fields: Record<string, FieldValue>;
  /** Names of fields that could not be read: rules treat them as missing. */
  unread?: string[];
  /** By name: what was sent, if the stored value differs. */
  sent?: Record<string, FieldValue>;
  /** By name: how a value was read, for ops; nothing of the person. */
  notes?: Record<string, string>;
  /** Two-letter code. */
  state?: string;
  phoneE164?: string;
  /** By what the person is recognised in other leads and on lists. */
  match: Match;
  /** `KEY_RULE` when `match` was made; absent in leads of releases up to 0.1.0. */
  matchRule?: number;
  /**
   * Suppressed when it came, so its person was never stored; only the hashes in `match` say whose lead it was. Gone once
   * these are erased.
   */
  withoutPerson?: true;
  /** The person was erased; there are no fields any more. */
  erased?: Erasure;
  idempotency?: Idempotency;
  /** Of a lead erased while its request may be repeated: when `idempotency` goes too. */
  repeatsUntil?: Date;
  /** By number; the last one, others are in `rounds` (rounds.ts). Leads of earlier releases have all of theirs here. */
  rounds: Record<string, Round>;
  /** The number of the last round; absent before the first, and in leads of earlier releases. */
  lastRound?: number;
  /** By contract. */
  claims: Record<string, Claim>;
  /** How many rounds were held before a buyer gave the lead back and it went on sale again. */
  roundsBefore?: number;
  /**
   * Offers of the last round that came to nothing and whose claims are there no more: no room under a limit, or offered
   * again since.
   */
  passed?: PassedOffer[];
  /** How many claims are `posting` or `accepted`: as many as the sale has places at the most. */
  held: number;
  /** Whether the one that holds it has it for itself alone. */
  heldAlone?: boolean;
  /** Tries at telling the seller and buyers of it, the latest of many. */
  told?: Told[];
  /** Contracts whose claim has ended and whose reservation is still to be confirmed or given back. */
  loose?: string[];
  /** Contracts whose posts wait for the decision of ops. */
  heldForOps?: string[];
  /** Since when it is off sale; see `withdraw`. */
  withdrawal?: Withdrawal;
  /** Why an unsold lead is so, in one word. */
  reason?: LeadReason;
  currency: string;
  /** What the seller earns, the sum over buyers. */
  price?: Minor;
  buyerIds?: string[];
  /** Sales that were given back, in the order in which that was booked; absent if there are none. */
  returns?: StoredReturn[];
}

/** A return as its lead keeps it; `returns.ts` has the booking. */
export interface StoredReturn extends LeadReturn {
  contract: string;
  /** The reason is of more than one word and the buyer's own: it stays in the database. */
  inOwnWords?: true;
}

/**
 * Sparse where they can be, and not partial: SecantusDB finds nothing by an index of what `$exists`, and goes through
 * all leads.
 */
export async function leadIndexes({ leads }: Database): Promise<void> {
  await leads.createIndex({ dueAt: 1 }, { name: 'due', sparse: true }, {});
  await leads.createIndex({ 'idempotency.key': 1 }, { name: 'idempotency', unique: true, sparse: true }, {});
  await leads.createIndex({ seller: 1, receivedAt: -1 });
  await leads.createIndex({ campaign: 1, _id: -1 });
  await leads.createIndex({ campaign: 1 }, { partialFilterExpression: { status: 'pending' } }, {});
  for (const by of ['match.phone', 'match.email', 'loose', 'heldForOps', 'buyerIds'])
    await leads.createIndex({ [by]: 1 }, { sparse: true }, {});
  await leads.createIndex(
    { campaign: 1, receivedAt: 1 },
    { partialFilterExpression: { 'person.key': { $exists: true } } },
    {},
  );
  await leads.createIndex(
    { withoutPerson: 1, campaign: 1, receivedAt: 1 },
    { partialFilterExpression: { withoutPerson: true } },
    {},
  );
  await leads.createIndex({ repeatsUntil: 1 }, { sparse: true }, {});
}

/** Waiting leads are counted up to here. */
export const MOST_COUNTED = 10_000;

/** How many leads of a campaign have waited for a sale for this long, ms. */
export const waitingLonger = async ({ leads }: Database, campaign: string, ms: number): Promise<number> =>
  leads.countDocuments(
    { campaign, status: 'pending', receivedAt: { $lte: new Date(Date.now() - ms) } },
    { limit: MOST_COUNTED },
  );

export const factsOf = (lead: StoredLead): LeadFacts => ({
  leadId: lead._id,
  seller: lead.seller,
  category: lead.category,
  state: lead.state,
  receivedAt: lead.receivedAt.getTime(),
  test: lead.test,
  ...(lead.roundsBefore !== undefined && { roundsBefore: lead.roundsBefore }),
});

/** A lead as the rules see it. */
export const leadInRound = (lead: LeadDocument): LeadInRound & { match: Match } => ({
  facts: factsOf(lead),
  fields: fieldsForRules(lead),
  currency: lead.currency,
  source: lead.source,
  match: lead.match,
  offered: offeredBefore(lead),
});

function offeredBefore({ claims }: LeadDocument): LeadInRound['offered'] {
  const ended = Object.entries(claims).flatMap(
    ([contract, { status }]): [string, 'refused' | 'uncertain' | 'returned'][] => {
      if (status === 'refused' || status === 'returned') return [[contract, status]];
      return status === 'cancelled' ? [[contract, 'uncertain']] : [];
    },
  );
  return Object.fromEntries(ended);
}

/** Stores a new lead; `repeated` is the lead that already carries the same idempotency key. */
export async function insertLead(
  { leads, vault }: Database,
  lead: LeadDocument,
): Promise<{ inserted: true } | { inserted: false; repeated: StoredLead }> {
  const sealed = sealLead(vault, lead);
  for (;;) {
    try {
      await leads.insertOne(sealed);
      return { inserted: true };
    } catch (error) {
      if (duplicateOf(error)?.includes('idempotency.key') !== true || lead.idempotency === undefined)
        throw error;
    }
    const repeated = await leads.findOne({ 'idempotency.key': lead.idempotency.key });
    if (repeated === null) continue;
    if (repeated.receivedAt.getTime() > lead.receivedAt.getTime() - IDEMPOTENCY_KEPT_MS)
      return { inserted: false, repeated };
    await leads.updateOne(
      { _id: repeated._id, 'idempotency.key': lead.idempotency.key },
      { $unset: { idempotency: '' } },
    );
  }
}

/** The first request was answered before its time was over: from now on a repeat is answered too. */
export async function markAnswered({ leads }: Database, leadId: string): Promise<void> {
  await leads.updateOne({ _id: leadId }, { $set: { 'idempotency.answeringUntil': new Date() } });
}

/** How long an `Idempotency-Key` names the same lead: 24 h. */
export const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1000;

/** @throws MasterKeyError where the lead can't be read with the master keys that are set */
export async function findLead({ leads, vault }: Database, leadId: string): Promise<LeadDocument | null> {
  const stored = await leads.findOne({ _id: leadId });
  return stored && openLead(vault, stored);
}

/** A lead that has a workflow is not stored: the database was restored from an older backup, or is another one. */
export class UnknownLeadError extends Error {
  override name = 'UnknownLeadError';
  constructor(leadId: string) {
    super(`No lead ${leadId} is stored: the database was restored from an older backup, or is another one`);
  }
}

/** The lead as it is stored, for whoever needs no person: it asks for no master key. */
export async function findStoredLead({ leads }: Database, leadId: string): Promise<StoredLead | null> {
  return leads.findOne({ _id: leadId });
}

/** What a source is told of a lead. */
export type LeadSummary = Pick<
  StoredLead,
  '_id' | 'seller' | 'test' | 'receivedAt' | 'updatedAt' | keyof LeadStanding
>;

const SUMMARY: Record<keyof LeadSummary, 1> = {
  _id: 1,
  seller: 1,
  test: 1,
  receivedAt: 1,
  updatedAt: 1,
  status: 1,
  reason: 1,
  price: 1,
  currency: 1,
  buyerIds: 1,
  withdrawal: 1,
  returns: 1,
};

/** A lead without its rounds and its person, which may be large. */
export async function findLeadSummary({ leads }: Database, leadId: string): Promise<LeadSummary | null> {
  return leads.findOne<LeadSummary>({ _id: leadId }, { projection: SUMMARY });
}

/**
 * The lead waits for its next round at `until`; `reason` says why it is unsold. Returns how the lead stands: one that was
 * sold or withdrawn meanwhile does not wait.
 * @param heard what its last round foresees by now; it is kept as if it had been known then
 */
export async function markPending(
  { leads }: Database,
  leadId: string,
  until: Date,
  reason: LeadReason,
  heard?: News & { round: number },
): Promise<LeadState | undefined> {
  if (heard !== undefined) await noteForeseen({ leads }, leadId, heard);
  const { matchedCount } = await leads.updateOne(
    { _id: leadId, ...ON_SALE, ...NOT_WITHDRAWN },
    { $set: { status: 'pending', dueAt: until, reason, updatedAt: new Date() } },
  );
  return matchedCount === 1 ? 'pending' : stateForLife({ leads }, leadId);
}

async function noteForeseen(
  { leads }: Pick<Database, 'leads'>,
  _id: string,
  { round, changes, pending }: News & { round: number },
): Promise<void> {
  const path = `rounds.${round}`;
  await leads.updateOne(
    { _id, [`${path}.number`]: round },
    { $set: { [`${path}.changes`]: changes, [`${path}.terms.pending`]: pending } },
  );
}

/**
 * Lets an unsold lead expire that no buyer holds. Returns how it stands: `sold` or `withdrawn` if that came first.
 * @param reason why it is unsold; unless given, as its last round says
 */
export async function expireLead(
  { leads }: Pick<Database, 'leads'>,
  leadId: string,
  reason?: LeadReason,
): Promise<LeadState | undefined> {
  const { matchedCount } = await leads.updateOne(
    { _id: leadId, ...ON_SALE, held: 0, ...NOT_WITHDRAWN },
    { $set: { status: 'expired', reason, updatedAt: new Date() }, $unset: { dueAt: '' } },
  );
  return matchedCount === 1 ? 'expired' : stateForLife({ leads }, leadId);
}

/**
 * How a lead stands, as its workflow finds it: one that was withdrawn and that no buyer holds any more is ended by this,
 * and one that has ended is not due any more.
 */
export async function stateForLife(
  database: Pick<Database, 'leads'>,
  leadId: string,
): Promise<LeadState | undefined> {
  const found = await endWithdrawn(database, leadId);
  const state = found === 'sold' ? await endReturned(database, leadId) : found;
  if (isEnd(state)) await seenToEnd(database, leadId);
  return state;
}

/**
 * A sold lead that every buyer has given back ends as `returned`; one whose last return came while another post was under
 * way does so when that is settled.
 */
async function endReturned({ leads }: Pick<Database, 'leads'>, _id: string): Promise<EndStatus> {
  const { matchedCount } = await leads.updateOne(
    { _id, status: 'sold', held: 0, returns: { $exists: true } },
    { $set: { status: 'returned', updatedAt: new Date() } },
  );
  return matchedCount === 1 ? 'returned' : 'sold';
}

/** Leads that should have moved on by `before` and did not, the oldest first. */
export async function overdueLeads({ leads }: Database, before: Date, limit: number): Promise<StoredLead[]> {
  return leads
    .find({ dueAt: { $lt: before } })
    .sort({ dueAt: 1 })
    .limit(limit)
    .toArray();
}

/** Has the sweep start the workflow of a lead on sale, if it has none, instead of when its wait is over. */
export async function makeDue({ leads }: Pick<Database, 'leads'>, _id: string): Promise<void> {
  await leads.updateOne({ _id, ...ON_SALE }, { $min: { dueAt: new Date() } });
}

/** The workflow of a lead that has ended knows it, and of what came after that, a return: there is nothing to sweep any more. */
async function seenToEnd({ leads }: Pick<Database, 'leads'>, _id: string): Promise<void> {
  await leads.updateOne({ _id, status: { $in: [...ENDED] } }, { $unset: { dueAt: '' } });
}

/**
 * Puts off the next look at leads whose workflows were just seen to; those that have ended are not looked at again. One by one: where one of them is in a booking that
 * was cut off, SecantusDB would let an update of many wait for it with the whole collection locked.
 */
export async function postponeSweep({ leads }: Database, leadIds: string[], dueAt: Date): Promise<void> {
  const isDue = { dueAt: { $lt: dueAt } };
  await Promise.all(
    leadIds.map(async (_id) => {
      const { matchedCount } = await leads.updateOne({ _id, ...ON_SALE, ...isDue }, { $set: { dueAt } });
      if (matchedCount === 0)
        await leads.updateOne({ _id, status: { $in: [...ENDED] }, ...isDue }, { $unset: { dueAt: '' } });
    }),
  );
}
