import type { Filter, UpdateFilter } from 'mongodb';
import type { LeadStatus } from '../../market/model/lead.js';
import type { Database } from '../db.js';
import { UnknownLeadError } from '../leads/leads.js';
import type { Claim, LeadDocument, LimitRefusal, SkippedOffer, StoredLead } from '../documents.js';
import { runInBatches, leadLane } from '../lanes.js';
import { openLead } from '../leads/person.js';
import { NOT_WITHDRAWN } from '../leads/withdrawals.js';

/**
 * The lead as the poster needs it with its claim, or why there is none: the offer was made in this round already and
 * there was no room for it, or the lead has ended, was withdrawn, is held by others, or is in another currency than the
 * offer.
 */
export type Claimed =
  | { lead: LeadDocument; claim: Claim }
  | { noRoom: LimitRefusal }
  | { closed: LeadStatus };

/**
 * Takes a buyer's hold on the lead, or finds the one that an earlier try took. The condition is in the update itself:
 * however many workers try at once, no more hold the lead than there are places, one that has it alone holds it alone,
 * and each contract holds it at most once. An offer that there was no room for is not made anew in the same round: a try
 * that comes late must not take up what another has given up.
 * @param again whether a post of an earlier round that was called off may be followed by another
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
      // What came of the offers of earlier rounds has moved with them.
      lastRound: { $not: { $gt: claim.round } },
      ...unclaimed(contract, claim.round, again),
    },
    update: {
      $set: { [path]: fresh, heldAlone: claim.exclusive, updatedAt: at },
      $inc: { held: 1 },
      ...(before.length > 0 && { $addToSet: { passed: { $each: before } } }),
    },
  };
  // A shared lead is claimed for its buyers at the same moment.
  const lead = await runInBatches(database, { lane: leadLane(leadId), kind: 'claim' }, write, (writes) =>
    claimAll(database, leadId, writes),
  );
  const taken = lead.claims[contract];
  const isOurs = taken !== undefined && !(again && taken.status === 'cancelled' && taken.round < claim.round);
  if (isOurs) return { lead: openLead(database.vault, lead), claim: taken };
  const passed = lead.passed?.find((one) => one.round === claim.round && one.contract === contract);
  if (passed === undefined || passed.answer === 'uncertain') return { closed: lead.status };
  const { answer, detail, change } = passed;
  return { noRoom: { answer, detail, ...(change && { change }) } };
}

interface ClaimWrite {
  filter: Filter<StoredLead>;
  update: UpdateFilter<StoredLead>;
}

/** Each claim by its own condition, in order; for each the lead as it is after all of them. */
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
 * Passes over an offer before it is made: its buyer's posts fail. False where a try of it has the claim already, and goes on
 * with it. A try that comes late finds it passed over.
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

/** Where a contract has no claim that stands in the way of another in this round. */
function unclaimed(contract: string, round: number, again: boolean): Record<string, object> {
  const path = `claims.${contract}`;
  if (!again) return { [path]: { $exists: false } };
  return { [`${path}.status`]: { $in: [null, 'cancelled'] }, [`${path}.round`]: { $not: { $gte: round } } };
}

/**
 * Says whether there is room for the sale that a claim is for. Of tries that found otherwise at the same time the first
 * to say so is right, and every one goes by what it said: no post is sent by one while another gives the claim up.
 * Undefined where the claim is not `posting` any more.
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

/** The claim that an offer made anew takes the place of: its round keeps what came of it. */
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

/** A claim that no post was sent for goes: there was no room under a limit, which its round keeps. */
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
 * Ends a hold without a sale and gives its place to the next bidder. False where the claim was no longer `posting`:
 * it was booked or ended by another hand.
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
