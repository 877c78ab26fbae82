import type { Filter, UpdateFilter } from 'mongodb';
import type { LeadStatus } from '../../market/model/lead.js';
import type { Round } from '../../market/model/round.js';
import type { Database } from '../db.js';
import { UnknownLeadError } from '../leads/leads.js';
import type {
  Claim,
  LeadDocument,
  LimitRefusal,
  PostAttempt,
  SkippedOffer,
  StoredLead,
} from '../documents.js';
import { runInBatches, leadLane } from '../lanes.js';
import { openLead } from '../leads/person.js';
import { roundWrite } from '../leads/rounds.js';
import { NOT_WITHDRAWN } from '../leads/withdrawals.js';

/** An offer to a buyer, as its claim has it. */
export interface ClaimTerms extends Pick<
  Claim,
  'postId' | 'round' | 'buyer' | 'exclusive' | 'price' | 'earns' | 'currency'
> {
  /** Its id, or the lead if the caller has read it; then a new claim needs no other read. */
  lead: string | LeadDocument;
  contract: string;
  maxBuyers: number;
  /** Whether a cancelled post of an earlier round may be followed by another. */
  again?: boolean;
}

/**
 * The lead with its claim, or why there is none: a limit refused the offer in this round already, or the lead has
 * ended, was withdrawn, has all places taken, or is in another currency than the offer.
 */
export type Claimed =
  | { lead: LeadDocument; claim: Claim; isNew: boolean }
  | { refusal: LimitRefusal }
  | { closed: LeadStatus };

/**
 * Claims the lead for a buyer, or finds the claim of an earlier attempt. The condition is in the update: however many
 * workers try at once, there are no more claims than places, an exclusive claim is alone, and each contract has at most
 * one. An offer that a limit refused is not repeated in the same round, because a late attempt must not claim a place
 * that another attempt has given up.
 */
export async function claimLead(database: Database, offer: ClaimTerms): Promise<Claimed> {
  const { lead: given, contract, again = false } = offer;
  const leadId = typeof given === 'string' ? given : given._id;
  const claim = newClaim(offer);
  const write = claimWrite(offer, claim, again ? await cancelledBefore(database, leadId, contract) : []);
  // The buyers of a shared lead claim it concurrently.
  const { isNew, lead } = await runInBatches(
    database,
    { lane: leadLane(leadId), kind: 'claim' },
    { write, isRead: typeof given === 'string' },
    (writes) => claimAll(database, leadId, writes),
  );
  if (lead === undefined && typeof given !== 'string')
    return { lead: { ...given, claims: { ...given.claims, [contract]: claim } }, claim, isNew };
  if (!lead) throw new UnknownLeadError(leadId);
  const found = lead.claims[contract];
  const isOurs = found !== undefined && !(again && found.status === 'cancelled' && found.round < claim.round);
  if (isOurs) return { lead: openLead(database.vault, lead), claim: found, isNew };
  if (typeof given !== 'string' && given.matchRule !== lead.matchRule)
    return claimLead(database, { ...offer, lead: leadId });
  const skipped = lead.passed?.find((one) => one.round === claim.round && one.contract === contract);
  if (skipped === undefined || skipped.answer === 'uncertain') return { closed: lead.status };
  const { answer, detail, change, limit } = skipped;
  return { refusal: { answer, detail, change, limit } };
}

/**
 * The write that stores a round of a lead with the claim of its first offer. It matches nothing if the conditions of the
 * round (`roundWrite`) or of the claim (`claimLead`) are not met.
 */
export function roundWithClaimWrite(
  round: Round,
  offer: ClaimTerms & { lead: LeadDocument },
): { claim: Claim; write: ClaimWrite } {
  const claim = newClaim(offer);
  const claimed = claimWrite(offer, claim);
  const stored = roundWrite(offer.lead._id, round);
  const filter = { ...claimed.filter, ...stored.filter };
  const update = { ...claimed.update, $set: { ...claimed.update.$set, ...stored.update.$set } };
  return { claim, write: { filter, update } };
}

const newClaim = ({ postId, round, buyer, exclusive, price, earns, currency }: ClaimTerms): Claim => ({
  postId,
  round,
  buyer,
  exclusive,
  price,
  earns,
  currency,
  status: 'posting',
  at: new Date(),
});

/** @param replaced the claim of an earlier round that this one replaces */
function claimWrite(
  { lead, contract, maxBuyers, again = false }: ClaimTerms,
  claim: Claim,
  replaced: SkippedOffer[] = [],
): ClaimWrite {
  const isKnown = typeof lead !== 'string';
  return {
    filter: {
      _id: isKnown ? lead._id : lead,
      status: { $nin: ['expired', 'withdrawn', 'returned'] },
      erased: { $exists: false },
      ...NOT_WITHDRAWN,
      // The person's keys are as the caller has read them.
      ...(isKnown && { matchRule: lead.matchRule }),
      // An offer in another currency than the lead's would be booked as an amount that nobody bid.
      currency: claim.currency,
      claimed: { $lt: claim.exclusive ? Math.min(1, maxBuyers) : maxBuyers },
      claimedAlone: { $ne: true },
      passed: { $not: { $elemMatch: { round: claim.round, contract } } },
      // The outcomes of earlier rounds have moved with these rounds.
      lastRound: { $not: { $gt: claim.round } },
      ...unclaimed(contract, claim.round, again),
    },
    update: {
      $set: { [`claims.${contract}`]: claim, claimedAlone: claim.exclusive, updatedAt: claim.at },
      $inc: { claimed: 1 },
      $addToSet: replaced.length > 0 ? { passed: { $each: replaced } } : undefined,
    },
  };
}

/** An update of a lead. */
interface ClaimWrite {
  filter: Filter<StoredLead>;
  update: UpdateFilter<StoredLead>;
}

/**
 * Applies each claim with its own condition, in order. The lead after all of them is read if it is needed: a caller has
 * none, or a claim was refused.
 */
async function claimAll(
  { leads }: Pick<Database, 'leads'>,
  _id: string,
  claims: { write: ClaimWrite; isRead: boolean }[],
): Promise<{ isNew: boolean; lead?: StoredLead | null }[]> {
  const { matchedCount } = await leads.bulkWrite(claims.map(({ write }) => ({ updateOne: write })));
  const isNew = matchedCount === claims.length;
  if (isNew && !claims.some(({ isRead }) => isRead)) return claims.map(() => ({ isNew }));
  const lead = await leads.findOne({ _id }, { projection: { rounds: 0 } });
  return claims.map(() => ({ isNew, lead }));
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
export async function agreeOnReservation(
  { leads }: Database,
  leadId: string,
  { contract, postId }: { contract: string; postId: string },
  found: 'made' | LimitRefusal,
): Promise<'made' | LimitRefusal | undefined> {
  const path = `claims.${contract}`;
  const { matchedCount } = await leads.updateOne(
    {
      _id: leadId,
      [`${path}.status`]: 'posting',
      [`${path}.postId`]: postId,
      [`${path}.reservation`]: { $exists: false },
    },
    { $set: { [`${path}.reservation`]: found } },
  );
  if (matchedCount === 1) return found;
  const lead = await leads.findOne({ _id: leadId }, { projection: { claims: 1 } });
  const claim = lead?.claims[contract];
  return claim?.status === 'posting' && claim.postId === postId ? claim.reservation : undefined;
}

/** The claim that a repeated offer replaces, so that its round keeps the outcome. */
async function cancelledBefore(
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
      $set: { claimedAlone: false, updatedAt: new Date() },
      $inc: { claimed: -1 },
      $push: { passed: why },
    },
  );
}

/** A claim that ends without a sale, with the reason. */
export interface EndedClaim extends Pick<Claim, 'postId' | 'detail' | 'words'> {
  contract: string;
  status: 'refused' | 'cancelled';
  /** The attempt that was refused; absent if ops or the buyer's status address said so. */
  attempt?: PostAttempt;
}

/**
 * Ends a claim without a sale and frees its place for the next bidder. Returns false if the claim was no longer
 * `posting`, because a concurrent writer booked or ended it.
 */
export async function endClaim(
  { leads }: Database,
  leadId: string,
  { contract, postId, status, detail, words, attempt }: EndedClaim,
): Promise<boolean> {
  const path = `claims.${contract}`;
  const now = new Date();
  const { modifiedCount } = await leads.updateOne(
    { _id: leadId, [`${path}.status`]: 'posting', [`${path}.postId`]: postId },
    {
      $set: {
        [`${path}.status`]: status,
        [`${path}.endedAt`]: now,
        [`${path}.detail`]: detail,
        [`${path}.words`]: words,
        claimedAlone: false,
        updatedAt: now,
      },
      $inc: { claimed: -1 },
      $addToSet: { unsettled: contract, [`${path}.attempts`]: attempt },
      $pull: { heldForOps: contract },
    },
  );
  return modifiedCount === 1;
}

const ATTEMPTS_KEPT = 100;

/**
 * Stores an attempt without a clear answer, with the reference of a buyer that has not decided yet. The post was sent, so
 * the limits allowed it: the next attempt does not check them again.
 */
export async function noteUncertainAttempt(
  { leads }: Database,
  leadId: string,
  {
    contract,
    postId,
    attempt,
    buyerLeadId,
  }: { contract: string; postId: string; attempt: PostAttempt; buyerLeadId?: string },
): Promise<void> {
  const path = `claims.${contract}`;
  await leads.updateOne(
    { _id: leadId, [`${path}.status`]: 'posting', [`${path}.postId`]: postId },
    {
      $set: { [`${path}.reservation`]: 'made', [`${path}.buyerLeadId`]: buyerLeadId },
      $push: { [`${path}.attempts`]: { $each: [attempt], $slice: -ATTEMPTS_KEPT } },
    },
  );
}
