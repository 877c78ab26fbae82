import type { ReservationNeeds } from '../../market/eligibility/reservation.js';
import { isByDuplicateRule, type Purchase } from '../../market/limits/duplicates.js';
import type { LeadStatus } from '../../market/model/lead.js';
import type { Buyer } from '../../market/model/market.js';
import type { Round } from '../../market/model/round.js';
import { exclusionAsAnswer } from '../../market/auction/decide.js';
import { bookSale, currencyOf, purchaseOf, type Acceptance } from './book.js';
import type { Database } from '../db.js';
import type { Claim, CountedUsage, LeadDocument, LimitRefusal, PostAttempt } from '../documents.js';
import { findLead, findStoredLead } from '../leads/leads.js';
import { comparedOf, findCompared } from '../persons/commonValues.js';
import {
  accountId,
  confirm,
  confirmLater,
  countedFor,
  dropPurchase,
  maybeUnsettled,
  notePurchase,
  release,
  reserve,
  reserveAfter,
  unsettledLeads,
  type Reservation,
  type Unsettled,
} from './capacity.js';
import {
  agreeOnReservation,
  claimLead,
  dropClaim,
  endClaim,
  noteUncertainAttempt,
  roundWithClaimWrite,
  type Claimed,
  type ClaimTerms,
  type EndedClaim,
} from './claims.js';
import { takeOverPromise } from './pings.js';

/*
 * The sale of a lead to one buyer: a post is started, and then booked, refused or cancelled. Each step is stored
 * before its effect is visible to anyone, and may be repeated. What a process that died has left behind is settled by
 * `settleOrphans`.
 */

/** A post in progress. */
export interface Post {
  lead: LeadDocument;
  contract: string;
  claim: Claim;
  /** The counts of its reservation under limits and for the award. */
  counted: readonly CountedUsage[];
  /** Whether this attempt has made the claim, so that the post was never sent before. */
  isNew: boolean;
  /** The parts that its booking leaves to settle. */
  unsettled: Unsettled;
  /** Whether its sale is confirmed at once, because awards depend on it or not all is known; otherwise later. */
  isConfirmedAtOnce: boolean;
  /** The write, in progress, that adds it to the purchases of the person; absent if its reservation does. */
  noted?: Promise<void>;
}

/**
 * `settled`: an earlier attempt has got the buyer's answer. `refused`: a limit refuses the sale, and no attempt sends the
 * post. `closed`: the lead has ended, was withdrawn, has all places taken, or is in another currency than the offer.
 */
export type BegunPost =
  | { status: 'posting'; post: Post }
  | { status: 'settled'; lead: LeadDocument; claim: Claim }
  | { status: 'refused'; refusal: LimitRefusal }
  | { status: 'closed'; leadStatus: LeadStatus };

/** What a sale must reserve: its limits and rules, and the balance of the buyer if it is prepaid. */
export type SaleNeeds = ReservationNeeds & { buyer: Pick<Buyer, 'id' | 'balance' | 'currency'> };

/** An attempt runs longer than this before another one starts, ms. */
const ALONE_MS = 2000;

/** A round that was stored with the claim of its first offer, and with what the sale reserves. */
export interface StoredPost {
  claim: Claim;
  needs: SaleNeeds;
  /** Of the reservation; absent if it is still to be made, because not all limits allowed it. */
  counted?: readonly CountedUsage[];
  /** `now` of the reservation, UTC ms. */
  now: number;
  /** When this attempt began, by `performance.now()`. */
  began: number;
}

type NeedsOf = (lead: LeadDocument, claim: Claim) => Promise<SaleNeeds>;

/**
 * Stores a round with the claim of its first offer, and reserves what the sale needs, in one request. Returns undefined
 * if nothing was stored, because the conditions of the round or of the claim are not met.
 * @param now decides the windows that the sale counts in, UTC ms
 */
export async function storeRoundWithPost(
  database: Database,
  round: Round,
  offer: ClaimTerms & { lead: LeadDocument },
  { needsOf, now }: { needsOf: (claim: Claim) => Promise<SaleNeeds>; now: number },
): Promise<StoredPost | undefined> {
  const began = performance.now();
  const { lead, contract } = offer;
  const { claim, write } = roundWithClaimWrite(round, offer);
  const needs = await needsOf(claim);
  const stored = { claim, needs, now, began };
  // What is reserved for a promise belongs to the sale first (`reserveFor`).
  if (lead.promise !== undefined) {
    const { matchedCount } = await database.leads.updateOne(write.filter, write.update);
    return matchedCount === 1 ? stored : undefined;
  }
  const purchase = purchaseOf(lead, contract, claim, now);
  const { isWritten, counted } = await reserveAfter(
    database,
    write,
    reservationOf({ lead, claim, purchase, needs }),
  );
  return isWritten ? { ...stored, counted } : undefined;
}

/**
 * Starts a post, or finds the one that an earlier attempt started: claims the lead for the buyer, then reserves what the
 * sale needs. If concurrent attempts of one post get different answers from the limits, the first one counts for all.
 * @param offer `stored`: what this attempt has stored with the round (`storeRoundWithPost`)
 * @param now decides the windows that the sale counts in, UTC ms
 */
export async function beginPost(
  database: Database,
  offer: ClaimTerms & { stored?: StoredPost },
  needsOf: NeedsOf,
  now: number,
): Promise<BegunPost> {
  const { stored, ...terms } = offer;
  const began = stored?.began ?? performance.now();
  const claimed = stored ? claimedBefore(terms, stored.claim) : await claimLead(database, terms);
  if ('refusal' in claimed) return { status: 'refused', refusal: claimed.refusal };
  if ('closed' in claimed) return { status: 'closed', leadStatus: claimed.closed };
  const { lead, claim, isNew } = claimed;
  if (claim.status !== 'posting') return { status: 'settled', lead, claim };
  const { contract } = offer;
  const needs = stored?.needs ?? (await needsOf(lead, claim));
  const purchase = purchaseOf(lead, contract, claim, stored?.now ?? now);
  const found: Reserved = stored?.counted
    ? { counted: stored.counted }
    : await reserveFor(database, { lead, claim, purchase, needs });
  const unsettled = unsettledBy(needs, purchase);
  const posting = (counted: readonly CountedUsage[]): BegunPost => {
    const noted = needs.notesPerson ? undefined : notePurchase(database, purchase);
    // Its failure is reported by the booking.
    noted?.catch(() => undefined);
    const isConfirmedAtOnce = needs.countsOffers;
    return {
      status: 'posting',
      post: { lead, contract, claim, counted, unsettled, isConfirmedAtOnce, isNew, noted },
    };
  };
  const isReserved = unsettled.countedIn.length > 0 || needs.notesPerson;
  const isAlone = isNew && found.refusal === undefined && performance.now() - began < ALONE_MS;
  if (isAlone || !isReserved) return posting(found.counted);
  const answer = found.refusal ?? 'made';
  const agreed = await agreeOnReservation(database, lead._id, { contract, postId: claim.postId }, answer);
  if (agreed === 'made') {
    return posting(found.refusal ? await countedFor(database, purchase) : found.counted);
  }
  if (agreed === undefined) {
    const current = await findStoredLead(database, lead._id);
    // If it is unsettled, the attempt that ended the claim also settles its reservation, or the sweep does.
    if (current?.unsettled?.includes(contract) !== true) await release(database, purchase);
    return beginPost(database, terms, needsOf, now);
  }
  await release(database, purchase);
  await dropClaim(database, lead._id, claim.postId, { round: claim.round, contract, ...agreed });
  return { status: 'refused', refusal: agreed };
}

/**
 * The parts of a reservation that the booking leaves to settle. The purchase is not stored under a common value of the
 * person before the booking.
 */
function unsettledBy(
  {
    limits,
    duplicates,
    buyer,
    countsOffers,
    notesPerson,
  }: Pick<SaleNeeds, 'limits' | 'duplicates' | 'buyer' | 'countsOffers' | 'notesPerson'>,
  { contract, phone, email }: Purchase,
): Unsettled {
  const compared = duplicates.length > 0 ? comparedOf({ phone, email }) : { phone, email };
  const isPlaced = compared.phone === phone && compared.email === email;
  return {
    countedIn: [
      ...(limits.length > 0 || countsOffers ? [contract] : []),
      ...(buyer.balance === undefined ? [] : [accountId(buyer.id)]),
    ],
    person: notesPerson ? (isPlaced ? 'settle' : 'add') : 'done',
  };
}

/** The claim that this attempt has stored with its round. */
const claimedBefore = ({ lead, contract }: ClaimTerms, claim: Claim): Claimed => {
  if (typeof lead === 'string') throw new Error(`Lead ${lead} was not read`);
  return { lead: { ...lead, claims: { ...lead.claims, [contract]: claim } }, claim, isNew: true };
};

/** A sale with its claim, and what it must reserve. */
interface ReservedSale {
  lead: LeadDocument;
  claim: Claim;
  purchase: Purchase;
  needs: SaleNeeds;
}

const reservationOf = ({ lead, claim, purchase, needs }: ReservedSale): Reservation => {
  const { buyer, limits, limiting, duplicates, notesPerson, countsOffers } = needs;
  return {
    purchase,
    price: claim.price,
    currency: currencyOf(claim, lead),
    limits,
    limiting,
    buyer,
    match: duplicates.length > 0 ? comparedOf(lead.match) : lead.match,
    duplicates,
    notesPerson,
    countsOffers,
  };
};

/** The counts of a reservation; `refusal` is the limit that does not allow the sale. */
interface Reserved {
  counted: readonly CountedUsage[];
  refusal?: LimitRefusal;
}

/** Reserves what the sale needs. */
async function reserveFor(database: Database, sale: ReservedSale): Promise<Reserved> {
  const { lead, claim, purchase, needs } = sale;
  const reservation = reservationOf(sale);
  const { countedIn } = unsettledBy(needs, purchase);
  await takeOverPromise(database, lead, { contract: purchase.contract, claim, countedIn });
  let reserved = await reserve(database, reservation);
  if ('refusal' in reserved && isByDuplicateRule(reserved.refusal))
    reserved = await reserve(database, {
      ...reservation,
      match: await findCompared(database, lead.match),
    });
  if ('counted' in reserved) return reserved;
  return { counted: [], refusal: exclusionAsAnswer(reserved.refusal) };
}

/** A post that was sent before, for another attempt or for an answer that comes later. */
export async function resumePost(
  database: Database,
  lead: LeadDocument,
  contract: string,
  claim: Claim,
): Promise<Post> {
  const counted = await countedFor(database, { sale: claim.postId, contract });
  const unsettled = maybeUnsettled({ contract, buyer: claim.buyer });
  return { lead, contract, claim, counted, unsettled, isConfirmedAtOnce: true, isNew: false };
}

/**
 * The buyer has accepted: books the sale, then settles the reservation. Returns `cancelled` if the post was cancelled
 * before; the buyer must be notified of that.
 */
export async function bookPost(
  database: Database,
  post: Post,
  acceptance?: Acceptance,
): Promise<Claim['status']> {
  const { lead, contract, claim, unsettled, isConfirmedAtOnce, noted } = post;
  await noted;
  const isUnsettled = unsettled.countedIn.length > 0 || unsettled.person !== 'done';
  const status = await bookSale(database, { ...post, isUnsettled }, acceptance);
  const purchase = purchaseOf(lead, contract, claim);
  // A concurrent attempt may have cancelled the post before the purchase was noted.
  if (status !== 'accepted' && noted !== undefined) await dropPurchase(database, purchase);
  if (status !== 'accepted' || !isUnsettled) return status;
  if (isConfirmedAtOnce) await confirm(database, purchase, unsettled);
  else confirmLater(database, purchase, unsettled);
  return status;
}

/** The buyer has refused: frees the lead for other buyers, then releases the reservation. A sent post stays counted. */
export async function refusePost(
  database: Database,
  { lead, contract, claim, noted }: Pick<Post, 'lead' | 'contract' | 'claim' | 'noted'>,
  { detail, words, attempt }: Pick<EndedClaim, 'detail' | 'words' | 'attempt'>,
): Promise<void> {
  await noted?.catch(() => undefined);
  const ended: EndedClaim = { contract, postId: claim.postId, status: 'refused', detail, words, attempt };
  if (await endClaim(database, lead._id, ended))
    await release(database, purchaseOf(lead, contract, claim), { wasPosted: true });
}

/** The buyer gave no clear answer: the post stays in progress, with this attempt. */
export const keepPost = (
  database: Database,
  { lead, contract, claim: { postId } }: Post,
  noted: { attempt: PostAttempt; buyerLeadId?: string },
): Promise<void> => noteUncertainAttempt(database, lead._id, { contract, postId, ...noted });

/**
 * Cancels a post without a clear answer; an acceptance that arrives later can't be booked. Returns the lead with its claim
 * afterwards, which is `accepted` or `returned` if the sale was booked before. Undefined if there is no claim.
 */
export async function cancelPost(
  database: Database,
  leadId: string,
  { contract, postId, detail }: { contract: string; postId: string; detail: string },
): Promise<{ lead: LeadDocument; claim: Claim } | undefined> {
  const isCancelled = await endClaim(database, leadId, { contract, postId, status: 'cancelled', detail });
  const lead = await findLead(database, leadId);
  const claim = lead?.claims[contract];
  if (lead === null || claim === undefined) return undefined;
  if (isCancelled) await release(database, purchaseOf(lead, contract, claim), { wasPosted: true });
  return { lead, claim };
}

/** A process settles its own reservations within this time, ms; after it, the process has died. */
const GRACE_MS = 60_000;
const BATCH = 100;

/**
 * Settles orphaned reservations: their posts have ended, and their process died first. The reservation of a booked sale
 * is confirmed, any other is released. Returns the number of leads.
 */
export async function settleOrphans(database: Database): Promise<number> {
  const leads = await unsettledLeads(database, new Date(Date.now() - GRACE_MS), BATCH);
  for (const lead of leads) {
    for (const contract of lead.unsettled ?? []) {
      const claim = lead.claims[contract];
      if (claim === undefined) continue;
      const purchase = purchaseOf(lead, contract, claim);
      if (claim.status === 'accepted' || claim.status === 'returned') await confirm(database, purchase);
      else if (claim.status !== 'posting') await release(database, purchase, { wasPosted: true });
    }
  }
  return leads.length;
}
