import { promiseId } from '../../market/ids.js';
import type { PricePromise } from '../../market/model/pricePromise.js';
import type { LeadReason } from '../../market/model/reason.js';
import type { Round } from '../../market/model/round.js';
import type { Database } from '../db.js';
import type { Claim, LeadDocument, PingDocument } from '../documents.js';
import { dropReservation } from './capacity.js';

/*
 * A ping asks what a lead would earn, before its person is known. The limits of the bidders that it has found are reserved
 * under an id of the ping's own. Each such reservation ends once: the sale of the lead takes it over, or the end of the
 * ping releases it. Both are one update of one document, so neither can undo the other.
 */

/** A ping without an answer has ended by then, ms. */
const ANSWERED_MS = 60_000;

/** Stores a ping before any buyer is asked. @param lead what is known of it */
export async function insertPing({ pings }: Database, lead: LeadDocument): Promise<void> {
  const expiresAt = new Date(Date.now() + ANSWERED_MS);
  await pings.insertOne({ _id: lead._id, lead, status: 'asking', expiresAt, reserving: [] });
}

export const findPing = ({ pings }: Pick<Database, 'pings'>, id: string): Promise<PingDocument | null> =>
  pings.findOne({ _id: id });

/** Notes that limits of a contract will be reserved for the ping. */
export async function noteReserving(
  { pings }: Database,
  id: string,
  { contract, buyer }: { contract: string; buyer: string },
): Promise<void> {
  await pings.updateOne({ _id: id }, { $addToSet: { reserving: { contract, buyer } } });
}

/** What a ping has found. */
export interface PingResult {
  round: Round;
  promise?: PricePromise;
  reason?: LeadReason;
  expiresAt: Date;
}

/** Stores the result of a ping. Returns false if its source is not waiting any more. */
export async function answerPing({ pings }: Database, id: string, result: PingResult): Promise<boolean> {
  const { matchedCount } = await pings.updateOne(
    { _id: id, status: 'asking' },
    { $set: { ...result, status: result.promise === undefined ? 'none' : 'open' } },
  );
  return matchedCount === 1;
}

/** Gives up a ping whose buyers have not answered in time. Returns false if it has its result. */
export async function abandonPing({ pings }: Database, id: string): Promise<boolean> {
  const { deletedCount } = await pings.deleteOne({ _id: id, status: 'asking' });
  return deletedCount === 1;
}

/**
 * Takes the ping for a lead. Of several requests, one gets it. Undefined if it has expired, was used or is unknown.
 * @param now UTC ms
 */
export async function usePing(
  { pings }: Database,
  id: string,
  now: number,
): Promise<PricePromise | undefined> {
  const used = await pings.findOneAndUpdate(
    { _id: id, status: 'open', expiresAt: { $gt: new Date(now) } },
    { $set: { status: 'used' } },
  );
  return used?.promise;
}

/**
 * Ends a ping whose time is over, unless it was used: the lead may not be stored yet. Returns whether it was. The last
 * call releases whatever no sale has taken over, and deletes the ping. It may be repeated.
 */
export async function endPing(
  database: Database,
  id: string,
  { isLast }: { isLast: boolean },
): Promise<'used' | 'ended'> {
  const { pings } = database;
  // From now on nobody can use it.
  await pings.updateOne({ _id: id, status: { $ne: 'used' } }, { $set: { status: 'none' } });
  const ping = await findPing(database, id);
  if (ping === null) return 'ended';
  if (ping.status === 'used' && !isLast) return 'used';
  await releasePromise(database, ping);
  await pings.deleteOne({ _id: id });
  return 'ended';
}

/** The workflow of a ping has ended it by then, ms. */
const ORPHANED_MS = 5 * 60_000;
const BATCH = 100;

/** Ends pings whose workflow was terminated or lost. Returns how many. */
export async function endOrphanedPings(database: Database): Promise<number> {
  const before = new Date(Date.now() - ORPHANED_MS);
  const orphans = await database.pings
    .find({ expiresAt: { $lt: before } }, { projection: { _id: 1 } })
    .limit(BATCH)
    .toArray();
  for (const { _id } of orphans) await endPing(database, _id, { isLast: true });
  return orphans.length;
}

/** Releases what is reserved for a ping, except what sales have taken over. */
export async function releasePromise(
  database: Database,
  { _id, reserving }: Pick<PingDocument, '_id' | 'reserving'>,
): Promise<void> {
  for (const { contract, buyer } of reserving)
    await dropReservation(database, { sale: promiseId(_id, contract), contract, buyer });
}

/**
 * Moves what a ping has reserved for a claim to the claim's own sale, if it is still reserved. At another price than that
 * of the ping, because the bid has expired, it is released, and the sale reserves again.
 */
export async function takeOverPromise(
  database: Database,
  { _id, promise }: Pick<LeadDocument, '_id' | 'promise'>,
  {
    contract,
    claim,
    countedIn,
  }: {
    contract: string;
    claim: Pick<Claim, 'postId' | 'buyer' | 'price'>;
    /** The usage documents in which the sale counts: what is reserved in others is released with the ping. */
    countedIn: string[];
  },
): Promise<void> {
  const reserved = promise?.reserved.find((one) => one.contract === contract);
  if (reserved === undefined) return;
  const sale = promiseId(_id, contract);
  if (reserved.price !== claim.price)
    return dropReservation(database, { sale, contract, buyer: claim.buyer });
  const from = `reserved.${sale}`;
  const to = `reserved.${claim.postId}`;
  await database.usage.updateMany(
    { _id: { $in: countedIn }, [from]: { $exists: true }, [to]: { $exists: false } },
    { $rename: { [from]: to } },
  );
}
