import type { Database } from './db.js';
import type { MarketChangeDocument } from './documents.js';

/** By then every process knows the new terms, ms (see cache.ts). */
const KNOWN_AFTER_MS = 2000;
const LEASE_MS = 60_000;

/**
 * Notes that contracts have changed, for the transaction that changes them.
 * @param pending campaigns whose terms for leads that wait are others
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
      $set: { at: new Date(), ...(pending.includes(campaign) && { pending: true as const }) },
      $unset: { leaseUntil: '' as const },
    },
    upsert: true,
  }));
}
/** Takes the oldest change that nobody is at, for a minute. */
export async function leaseMarketChange(
  { marketChanges }: Database,
  now: Date,
): Promise<MarketChangeDocument | null> {
  const isFree = { leaseUntil: { $not: { $gt: now } } };
  const isKnown = { at: { $lte: new Date(now.getTime() - KNOWN_AFTER_MS) } };
  const wake = await marketChanges.findOne({ ...isKnown, ...isFree }, { sort: { at: 1 } });
  if (wake === null) return null;
  const { _id, at } = wake;
  const lease = { $set: { leaseUntil: new Date(now.getTime() + LEASE_MS) } };
  const { modifiedCount } = await marketChanges.updateOne({ _id, at, ...isFree }, lease);
  return modifiedCount === 1 ? wake : null;
}
/** A change of a large campaign takes longer than a minute. */
export async function extendMarketChangeLease(
  { marketChanges }: Database,
  { _id, at }: MarketChangeDocument,
  now: Date,
): Promise<void> {
  await marketChanges.updateOne({ _id, at }, { $set: { leaseUntil: new Date(now.getTime() + LEASE_MS) } });
}
/** The change has been seen to; one that came meanwhile stays. */
export async function removeMarketChange(
  { marketChanges }: Database,
  { _id, at }: MarketChangeDocument,
): Promise<void> {
  await marketChanges.deleteOne({ _id, at });
}
