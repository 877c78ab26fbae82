import type { Database } from './db.js';
import type { MarketChangeDocument, MarketChangeProgress } from './documents.js';

/** Every process knows the new terms after this time, ms (see cache.ts). */
const KNOWN_AFTER_MS = 2000;
/** Longer than a worker notifies leads of a batch (`BATCH_MS` of src/worker/signalMarketChanges.ts). */
const LEASE_MS = 30_000;

/**
 * Writes that record changed contracts, for the transaction that changes them. The worker that leases a change notifies
 * waiting leads of it. A change of a campaign whose leads are being notified is added to the one in progress.
 * @param pending campaigns whose terms for waiting leads have changed
 */
export function marketChangeWrites(
  { db }: Database,
  contracts: readonly { id: string; campaign: string }[],
  pending: readonly string[] = [],
) {
  const byCampaign = new Map<string, string[]>(pending.map((campaign) => [campaign, []]));
  for (const { id, campaign } of contracts)
    byCampaign.set(campaign, [...(byCampaign.get(campaign) ?? []), id]);
  return [...byCampaign].map(([campaign, ids]) => ({
    name: 'updateOne' as const,
    namespace: `${db.databaseName}.wakes`,
    filter: { _id: campaign },
    update: {
      $addToSet: { contracts: { $each: ids } },
      $set: { at: new Date(), pending: pending.includes(campaign) ? (true as const) : undefined },
    },
    upsert: true,
  }));
}

export type LeasedMarketChange = MarketChangeDocument &
  Required<Pick<MarketChangeDocument, 'leaseUntil' | 'progress'>>;

/**
 * Leases a change: one that no lead was notified of, else the one that has waited longest, so that a large campaign does
 * not delay the others.
 */
export async function leaseMarketChange(
  { marketChanges }: Database,
  now: Date,
): Promise<LeasedMarketChange | null> {
  const isFree = { leaseUntil: { $not: { $gt: now } } };
  const isKnown = { at: { $lte: new Date(now.getTime() - KNOWN_AFTER_MS) } };
  const change = await marketChanges.findOne({ ...isKnown, ...isFree }, { sort: { leaseUntil: 1, at: 1 } });
  if (change === null) return null;
  const { _id, at } = change;
  const leaseUntil = new Date(now.getTime() + LEASE_MS);
  const { modifiedCount } = await marketChanges.updateOne({ _id, at, ...isFree }, { $set: { leaseUntil } });
  return modifiedCount === 1 ? { ...change, leaseUntil, progress: progressOf(change) } : null;
}

/** With a change that was added since: it concerns the rest of the leads, and then those before them again. */
function progressOf({ at, progress }: MarketChangeDocument): MarketChangeProgress {
  if (progress === undefined) return { at, after: '' };
  if (progress.at.getTime() === at.getTime()) return progress;
  return { at, after: progress.after, again: progress.after };
}

/** Stores that the leads up to this one are notified, and ends the lease. */
export async function advanceMarketChange(
  { marketChanges }: Database,
  { _id, leaseUntil, progress }: LeasedMarketChange,
  after: string,
  now: Date,
): Promise<void> {
  await marketChanges.updateOne(
    { _id, leaseUntil },
    { $set: { progress: { ...progress, after }, leaseUntil: now } },
  );
}

/**
 * All leads are notified: removes the change, unless another was added that concerns leads again.
 * @param after the last of them
 */
export async function finishMarketChange(
  database: Database,
  change: LeasedMarketChange,
  after: string,
  now: Date,
): Promise<void> {
  const { _id, at, leaseUntil, progress } = change;
  const { again } = progress;
  if (again !== undefined) {
    const progressAgain = { at, after: '', until: again };
    await advanceMarketChange(database, { ...change, progress: progressAgain }, '', now);
    return;
  }
  const { deletedCount } = await database.marketChanges.deleteOne({ _id, at, leaseUntil });
  if (deletedCount === 0) await advanceMarketChange(database, change, after, now);
}
