import type { PersonHashes } from '../../market/limits/duplicates.js';
import { fieldsForRules } from '../../market/filters/comparisons.js';
import type { StatusFields } from '../../market/model/statusView.js';
import type { LeadInRound } from '../../market/eligibility/eligibility.js';
import { ENDED, isEnd, type EndStatus, type LeadFacts } from '../../market/model/lead.js';
import type { LeadReason } from '../../market/model/reason.js';
import type { WaitUpdate } from '../../market/waiting/waiting.js';
import type { Database } from '../db.js';
import { duplicateKeyOf } from '../transaction.js';
import { openLead, sealLead } from './person.js';
import type { LeadDocument, NotificationAttempt, StoredLead, WrappedKey } from '../documents.js';
import { endWithdrawn, NOT_WITHDRAWN, ON_SALE, type LeadState } from './withdrawals.js';

/** Waiting leads are counted up to this number. */
export const MOST_COUNTED = 10_000;

/** The number of a campaign's leads that have waited for a sale for this long, ms. */
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
  roundsBefore: lead.roundsBefore,
});

/** A lead, as rules read it. */
export const leadInRound = (lead: LeadDocument): LeadInRound & { match: PersonHashes } => ({
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

/** A lead that was just stored, with the key of its personal data: a buyer's answer to a ping is encrypted under it. */
export type InsertedLead = LeadDocument & { personKey: WrappedKey | undefined };

/** Stores a new lead. `repeated` is an existing lead with the same idempotency key. */
export async function insertLead(
  { leads, vault }: Database,
  lead: LeadDocument,
): Promise<{ inserted: true; lead: InsertedLead } | { inserted: false; repeated: StoredLead }> {
  const sealed = sealLead(vault, lead);
  for (;;) {
    try {
      await leads.insertOne(sealed);
      return { inserted: true, lead: { ...lead, personKey: sealed.person?.key } };
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('idempotency.key') !== true || lead.idempotency === undefined)
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

/** The first request was answered in time: from now on, repeats are answered too. */
export async function markAnswered({ leads }: Database, leadId: string): Promise<void> {
  await leads.updateOne({ _id: leadId }, { $set: { 'idempotency.answeringUntil': new Date() } });
}

/** How long an `Idempotency-Key` refers to the same lead: 24 h. */
export const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60 * 1000;

/** @throws MasterKeyError if the lead can't be decrypted with the configured master keys */
export async function findLead({ leads, vault }: Database, leadId: string): Promise<LeadDocument | null> {
  const stored = await leads.findOne({ _id: leadId });
  return stored && openLead(vault, stored);
}

/** A lead with a workflow is not stored: the database was restored from an older backup, or is another one. */
export class UnknownLeadError extends Error {
  override name = 'UnknownLeadError';
  constructor(leadId: string) {
    super(`No lead ${leadId} is stored: the database was restored from an older backup, or is another one`);
  }
}

/** The lead without decryption, for code that needs no personal data; it needs no master key. */
export async function findStoredLead({ leads }: Database, leadId: string): Promise<StoredLead | null> {
  return leads.findOne({ _id: leadId });
}

/** What a source may read of a lead. */
export type LeadSummary = Pick<
  StoredLead,
  '_id' | 'seller' | 'test' | 'receivedAt' | 'updatedAt' | 'promise' | keyof StatusFields
>;

const SUMMARY: Record<keyof LeadSummary, 1> = {
  _id: 1,
  seller: 1,
  test: 1,
  receivedAt: 1,
  updatedAt: 1,
  promise: 1,
  status: 1,
  reason: 1,
  price: 1,
  currency: 1,
  buyerIds: 1,
  redirectUrl: 1,
  withdrawal: 1,
  returns: 1,
};

/** A lead without rounds and person, which may be large. */
export async function findLeadSummary({ leads }: Database, leadId: string): Promise<LeadSummary | null> {
  return leads.findOne<LeadSummary>({ _id: leadId }, { projection: SUMMARY });
}

/** The same, but null while a lead is sold to one buyer and others may still buy it. */
export async function findFinalSummary({ leads }: Database, leadId: string): Promise<LeadSummary | null> {
  const lead = await leads.findOne<LeadSummary & Pick<StoredLead, 'claimedAlone'>>(
    { _id: leadId },
    { projection: { ...SUMMARY, claimedAlone: 1 } },
  );
  if (lead === null) return null;
  const { claimedAlone, ...summary } = lead;
  return summary.status === 'sold' && claimedAlone !== true ? null : summary;
}

/**
 * Marks the lead as waiting for its next round at `until`; `reason` says why it is unsold. Returns the lead's state: a
 * lead that was sold or withdrawn in the meantime does not wait.
 * @param foreseen changes that its last round foresees by now; they are stored as if known then
 */
export async function markPending(
  { leads }: Database,
  leadId: string,
  until: Date,
  { reason, foreseen }: { reason: LeadReason; foreseen?: WaitUpdate & { round: number } },
): Promise<LeadState | undefined> {
  if (foreseen !== undefined) await storeForeseen({ leads }, leadId, foreseen);
  const { matchedCount } = await leads.updateOne(
    { _id: leadId, ...ON_SALE, ...NOT_WITHDRAWN },
    { $set: { status: 'pending', dueAt: until, reason, updatedAt: new Date() } },
  );
  return matchedCount === 1 ? 'pending' : stateForWorkflow({ leads }, leadId);
}

async function storeForeseen(
  { leads }: Pick<Database, 'leads'>,
  _id: string,
  { round, changes, pending }: WaitUpdate & { round: number },
): Promise<void> {
  const path = `rounds.${round}`;
  await leads.updateOne(
    { _id, [`${path}.number`]: round },
    { $set: { [`${path}.changes`]: changes, [`${path}.terms.pending`]: pending } },
  );
}

/**
 * Expires an unsold lead without claims. Returns the lead's state: `sold` or `withdrawn` if that came first.
 * @param reason why it is unsold; by default the reason of its last round
 */
export async function expireLead(
  { leads }: Pick<Database, 'leads'>,
  leadId: string,
  reason?: LeadReason,
): Promise<LeadState | undefined> {
  const now = new Date();
  const { matchedCount } = await leads.updateOne(
    { _id: leadId, ...ON_SALE, claimed: 0, ...NOT_WITHDRAWN },
    { $set: { status: 'expired', reason, updatedAt: now, endedAt: now }, $unset: { dueAt: '' } },
  );
  return matchedCount === 1 ? 'expired' : stateForWorkflow({ leads }, leadId);
}

/**
 * The lead's state, for its workflow. Ends a withdrawn lead without claims, and clears `dueAt` of a lead that has
 * ended.
 */
export async function stateForWorkflow(
  database: Pick<Database, 'leads'>,
  leadId: string,
): Promise<LeadState | undefined> {
  const found = await endWithdrawn(database, leadId);
  const state = found === 'sold' ? await endReturned(database, leadId) : found;
  if (isEnd(state)) await clearDue(database, leadId);
  return state;
}

/**
 * Ends a sold lead that every buyer has returned as `returned`. If another post was in progress at the last return,
 * this happens once that post is settled.
 */
async function endReturned({ leads }: Pick<Database, 'leads'>, _id: string): Promise<EndStatus> {
  const now = new Date();
  const { matchedCount } = await leads.updateOne(
    { _id, status: 'sold', claimed: 0, returns: { $exists: true } },
    { $set: { status: 'returned', updatedAt: now, endedAt: now } },
  );
  return matchedCount === 1 ? 'returned' : 'sold';
}

/** A lead is overdue when it has not moved for this long after it should have, ms: the sweep looks whether it has a workflow. */
export const OVERDUE_AFTER_MS = 5_000;

/** How many overdue leads are found at once. */
const FOUND_AHEAD = 500;

/**
 * Reads leads that are overdue since `before` and were not handled meanwhile, oldest first. Their ids are found
 * some hundred ahead, because the local database reads all overdue leads for each such query.
 */
export function openOverdueLeads({
  leads,
}: Database): (before: Date, limit: number) => Promise<StoredLead[]> {
  let ahead: string[] = [];
  const find = async (before: Date): Promise<string[]> => {
    const overdue = leads.find({ dueAt: { $lt: before } }, { projection: { _id: 1 } }).sort({ dueAt: 1 });
    return (await overdue.limit(FOUND_AHEAD).toArray()).map(({ _id }) => _id);
  };
  return async (before, limit) => {
    if (ahead.length === 0) ahead = await find(before);
    while (ahead.length > 0) {
      const next = await leads.find({ _id: { $in: ahead.splice(0, limit) } }).toArray();
      const overdue = next.filter(({ dueAt }) => dueAt !== undefined && dueAt < before);
      if (overdue.length > 0) return overdue.toSorted((a, b) => Number(a.dueAt) - Number(b.dueAt));
    }
    return [];
  };
}

/** Which of these leads have not started their first round. */
export async function notStarted({ leads }: Pick<Database, 'leads'>, leadIds: string[]): Promise<string[]> {
  const found = await leads
    .find({ _id: { $in: leadIds }, status: 'received', lastRound: { $exists: false } })
    .project<{ _id: string }>({ _id: 1 })
    .toArray();
  return found.map(({ _id }) => _id);
}

/**
 * Makes a lead on sale due, so that the sweep starts its workflow now if it has none, and not only when its wait is
 * over.
 */
export async function makeDue({ leads }: Pick<Database, 'leads'>, _id: string): Promise<void> {
  await leads.updateOne({ _id, ...ON_SALE }, { $min: { dueAt: new Date() } });
}

/** The workflow of an ended lead has handled everything, including a return: the sweep can ignore it. */
async function clearDue({ leads }: Pick<Database, 'leads'>, _id: string): Promise<void> {
  await leads.updateOne({ _id, status: { $in: [...ENDED] } }, { $unset: { dueAt: '' } });
}

/**
 * Postpones the next sweep of leads whose workflows were handled; ended leads are not swept again. One update
 * per lead, because an update can wait for a booking that was interrupted, and the other leads must not wait with it.
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

/** A day of attempts at several addresses, and a margin. */
const ATTEMPTS_KEPT = 100;

/**
 * Adds a notification attempt to its lead, for `gavel leads show`: Temporal shows attempts only while more are to come.
 * A failure is ignored, because failing the attempt would deliver the notification again; the log has it too.
 */
export async function noteNotification(
  { leads }: Database,
  leadId: string,
  one: NotificationAttempt,
): Promise<void> {
  await leads
    .updateOne({ _id: leadId }, { $push: { told: { $each: [one], $slice: -ATTEMPTS_KEPT } } })
    .catch(() => undefined);
}
