import type { Database } from './db.js';
import type { MarketChangeDocument } from './documents.js';

/** Every process knows the new terms after this time, ms (see cache.ts). */
const KNOWN_AFTER_MS = 2000;
const LEASE_MS = 60_000;

/**
 * Writes that record changed contracts, for the transaction that changes them. The worker that leases a change notifies
 * waiting leads of it.
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
      $unset: { leaseUntil: '' as const },
    },
    upsert: true,
  }));
}

/** Leases the oldest change without a lease, for a minute. */
export async function leaseMarketChange(
  { marketChanges }: Database,
  now: Date,
): Promise<MarketChangeDocument | null> {
  const isFree = { leaseUntil: { $not: { $gt: now } } };
  const isKnown = { at: { $lte: new Date(now.getTime() - KNOWN_AFTER_MS) } };
  const change = await marketChanges.findOne({ ...isKnown, ...isFree }, { sort: { at: 1 } });
  if (change === null) return null;
  const { _id, at } = change;
  const lease = { $set: { leaseUntil: new Date(now.getTime() + LEASE_MS) } };
  const { modifiedCount } = await marketChanges.updateOne({ _id, at, ...isFree }, lease);
  return modifiedCount === 1 ? change : null;
}

/** Extends the lease: a change of a large campaign takes longer than a minute. */
export async function extendMarketChangeLease(
  { marketChanges }: Database,
  { _id, at }: MarketChangeDocument,
  now: Date,
): Promise<void> {
  await marketChanges.updateOne({ _id, at }, { $set: { leaseUntil: new Date(now.getTime() + LEASE_MS) } });
}

/** Removes a handled change; a newer change of the campaign stays. */
export async function removeMarketChange(
  { marketChanges }: Database,
  { _id, at }: MarketChangeDocument,
): Promise<void> {
  await marketChanges.deleteOne({ _id, at });
}
