import type { Filter, UpdateFilter } from 'mongodb';
import type { LeadStatus } from '../../market/model/lead.js';
import type { Database } from '../db.js';
import { UnknownLeadError } from '../leads/leads.js';
import type { Claim, LeadDocument, LimitRefusal, SkippedOffer, StoredLead } from '../documents.js';
import { runInBatches, leadLane } from '../lanes.js';
import { openLead } from '../leads/person.js';
import { NOT_WITHDRAWN } from '../leads/withdrawals.js';

/**
 * The lead with its claim, or why there is none: a limit refused the offer in this round already, or the lead has
 * ended, was withdrawn, has all places taken, or is in another currency than the offer.
 */
export type Claimed =
  | { lead: LeadDocument; claim: Claim }
  | { noRoom: LimitRefusal }
  | { closed: LeadStatus };

/**
 * Claims the lead for a buyer, or finds the claim of an earlier attempt. The condition is in the update: however many
 * workers try at once, there are no more claims than places, an exclusive claim is alone, and each contract has at most
 * one. An offer that a limit refused is not repeated in the same round, because a late attempt must not claim a place
 * that another attempt has given up.
 * @param again whether a cancelled post of an earlier round may be followed by another
 */
export async function claimLead(
  database: Database,
  leadId: string,
  contract: string,
  claim: Pick<Claim, 'postId' | 'round' | 'buyer' | 'exclusive' | 'price' | 'earns' | 'currency'>,
  maxBuyers: number,
  again = false,
): Promise<Claimed> {
  const path = `claims.${contract}`;
  const at = new Date();
  const fresh: Claim = { ...claim, status: 'posting', at };
  const before = again ? await calledOffBefore(database, leadId, contract) : [];
  const write: ClaimWrite = {
    filter: {
      _id: leadId,
      status: { $nin: ['expired', 'withdrawn', 'returned'] },
      erased: { $exists: false },
      ...NOT_WITHDRAWN,
      // An offer in another currency than the lead's would be booked as an amount that nobody bid.
      currency: claim.currency,
      held: { $lt: claim.exclusive ? Math.min(1, maxBuyers) : maxBuyers },
      heldAlone: { $ne: true },
      passed: { $not: { $elemMatch: { round: claim.round, contract } } },
      // The outcomes of earlier rounds have moved with these rounds.
      lastRound: { $not: { $gt: claim.round } },
      ...unclaimed(contract, claim.round, again),
    },
    update: {
      $set: { [path]: fresh, heldAlone: claim.exclusive, updatedAt: at },
      $inc: { held: 1 },
      ...(before.length > 0 && { $addToSet: { passed: { $each: before } } }),
    },
  };
  // The buyers of a shared lead claim it concurrently.
  const lead = await runInBatches(database, { lane: leadLane(leadId), kind: 'claim' }, write, (writes) =>
    claimAll(database, leadId, writes),
  );
  const taken = lead.claims[contract];
  const isOurs = taken !== undefined && !(again && taken.status === 'cancelled' && taken.round < claim.round);
  if (isOurs) return { lead: openLead(database.vault, lead), claim: taken };
  const passed = lead.passed?.find((one) => one.round === claim.round && one.contract === contract);
  if (passed === undefined || passed.answer === 'uncertain') return { closed: lead.status };
  const { answer, detail, change } = passed;
  return { noRoom: { answer, detail, change } };
}

interface ClaimWrite {
  filter: Filter<StoredLead>;
  update: UpdateFilter<StoredLead>;
}

/** Applies each claim with its own condition, in order. Returns the lead after all of them, for each. */
async function claimAll(
  { leads }: Pick<Database, 'leads'>,
  _id: string,
  writes: ClaimWrite[],
): Promise<StoredLead[]> {
  await leads.bulkWrite(writes.map((updateOne) => ({ updateOne })));
  const lead = await leads.findOne({ _id }, { projection: { rounds: 0 } });
  if (lead === null) throw new UnknownLeadError(_id);
  return writes.map(() => lead);
}

/**
 * Skips an offer before it is made, because the buyer's posts fail. Returns false if an attempt has the claim already
 * and continues with it. A late attempt finds the offer skipped.
 */
export async function skipOffer(
  { leads }: Database,
  leadId: string,
  why: SkippedOffer,
  again: boolean,
): Promise<boolean> {
  const { matchedCount } = await leads.updateOne(
    { _id: leadId, ...unclaimed(why.contract, why.round, again) },
    { $addToSet: { passed: why } },
  );
  return matchedCount === 1;
}

/** The condition that a contract has no claim which prevents another in this round. */
function unclaimed(contract: string, round: number, again: boolean): Record<string, object> {
  const path = `claims.${contract}`;
  if (!again) return { [path]: { $exists: false } };
  return { [`${path}.status`]: { $in: [null, 'cancelled'] }, [`${path}.round`]: { $not: { $gte: round } } };
}

/**
 * Stores whether the limits allow the sale of a claim. If concurrent attempts found different answers, the first one
 * counts for all of them, so that no attempt sends a post while another drops the claim. Returns undefined if the claim
 * is no longer `posting`.
 */
export async function agreeOnRoom(
  { leads }: Database,
  leadId: string,
  contract: string,
  postId: string,
  found: 'taken' | LimitRefusal,
): Promise<'taken' | LimitRefusal | undefined> {
  const path = `claims.${contract}`;
  const { matchedCount } = await leads.updateOne(
    {
      _id: leadId,
      [`${path}.status`]: 'posting',
      [`${path}.postId`]: postId,
      [`${path}.room`]: { $exists: false },
    },
    { $set: { [`${path}.room`]: found } },
  );
  if (matchedCount === 1) return found;
  const lead = await leads.findOne({ _id: leadId }, { projection: { claims: 1 } });
  const claim = lead?.claims[contract];
  return claim?.status === 'posting' && claim.postId === postId ? claim.room : undefined;
}

/** The claim that a repeated offer replaces, so that its round keeps the outcome. */
async function calledOffBefore(
  { leads }: Pick<Database, 'leads'>,
  leadId: string,
  contract: string,
): Promise<SkippedOffer[]> {
  const lead = await leads.findOne({ _id: leadId }, { projection: { claims: 1 } });
  const claim = lead?.claims[contract];
  if (claim?.status !== 'cancelled') return [];
  return [{ round: claim.round, contract, answer: 'uncertain', detail: claim.detail }];
}

/** Removes a claim without a post, because a limit refused it; its round keeps the reason. */
export async function dropClaim(
  { leads }: Database,
  leadId: string,
  postId: string,
  why: SkippedOffer,
): Promise<void> {
  const path = `claims.${why.contract}`;
  await leads.updateOne(
    { _id: leadId, [`${path}.status`]: 'posting', [`${path}.postId`]: postId },
    {
      $unset: { [path]: '' },
      $set: { heldAlone: false, updatedAt: new Date() },
      $inc: { held: -1 },
      $push: { passed: why },
    },
  );
}

/**
 * Ends a claim without a sale and frees its place for the next bidder. Returns false if the claim was no longer
 * `posting`, because a concurrent writer booked or ended it.
 */
export async function releaseClaim(
  { leads }: Database,
  leadId: string,
  contract: string,
  postId: string,
  status: 'refused' | 'cancelled',
  why: Pick<Claim, 'detail' | 'words'> = {},
): Promise<boolean> {
  const path = `claims.${contract}`;
  const now = new Date();
  const { modifiedCount } = await leads.updateOne(
    { _id: leadId, [`${path}.status`]: 'posting', [`${path}.postId`]: postId },
    {
      $set: {
        [`${path}.status`]: status,
        [`${path}.endedAt`]: now,
        [`${path}.detail`]: why.detail,
        [`${path}.words`]: why.words,
        heldAlone: false,
        updatedAt: now,
      },
      $inc: { held: -1 },
      $addToSet: { loose: contract },
      $pull: { heldForOps: contract },
    },
  );
  return modifiedCount === 1;
}
