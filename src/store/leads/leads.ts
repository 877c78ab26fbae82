import type { Match } from '../../market/limits/duplicates.js';
import { fieldsForRules } from '../../market/filters/comparisons.js';
import type { LeadStanding } from '../../market/model/statusView.js';
import type { LeadInRound } from '../../market/eligibility/eligibility.js';
import { ENDED, isEnd, type EndStatus, type LeadFacts } from '../../market/model/lead.js';
import type { LeadReason } from '../../market/model/reason.js';
import type { News } from '../../market/waiting/waiting.js';
import type { Database } from '../db.js';
import { duplicateKeyOf } from '../transaction.js';
import { openLead, sealLead } from './person.js';
import type { LeadDocument, NotificationAttempt, StoredLead } from '../documents.js';
import { endWithdrawn, NOT_WITHDRAWN, ON_SALE, type LeadState } from './withdrawals.js';

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
  return matchedCount === 1 ? 'pending' : stateForWorkflow({ leads }, leadId);
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
  return matchedCount === 1 ? 'expired' : stateForWorkflow({ leads }, leadId);
}

/**
 * How a lead stands, as its workflow finds it: one that was withdrawn and that no buyer holds any more is ended by this,
 * and one that has ended is not due any more.
 */
export async function stateForWorkflow(
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

/** A day of tries at several addresses, and some. */
const KEPT = 100;

/**
 * Notes a try with its lead, for whoever reads the lead's story: Temporal shows tries only while more are to come. What
 * can't be noted is in the log alone; to fail for it would tell again who has heard.
 */
export async function noteNotification(
  { leads }: Database,
  leadId: string,
  one: NotificationAttempt,
): Promise<void> {
  await leads
    .updateOne({ _id: leadId }, { $push: { told: { $each: [one], $slice: -KEPT } } })
    .catch(() => undefined);
}
