import type { Settings } from '../../config.js';
import type { Log } from '../../log.js';
import { ENDED } from '../../market/model/lead.js';
import type { Database } from '../db.js';
import { eraseLead } from './erase.js';

/** Whose time is over: leads that ended so long before `now` (UTC ms) as their campaign says. */
export interface Retention {
  now: number;
  /** Of campaigns that say nothing themselves, ms. Absent: their persons stay. */
  retentionMs?: number | undefined;
}

/** Says in the log which campaigns keep persons for ever although nobody has decided so. A start does not fail by it. */
export async function warnOfRetention(
  { campaigns }: Database,
  { RETENTION_DAYS }: Pick<Settings, 'RETENTION_DAYS'>,
  log: Log,
): Promise<void> {
  if (RETENTION_DAYS !== undefined) return;
  const endless = await campaigns
    .distinct('_id', { active: true, retention: { $exists: false } })
    .catch((): string[] => []);
  if (endless.length > 0) log.warn({ event: 'retention_not_set', campaigns: endless });
}

/** Where a batch begins: in this campaign, with leads that were received after, UTC ms. */
export interface RetentionCursor {
  campaign: string;
  after: number;
}

/** What one batch did. `next` is where the following one begins; absent after the last. */
export interface RetentionBatch {
  erased: number;
  next?: RetentionCursor;
}

/**
 * Erases persons whose time is over: campaign by campaign in the order of their ids, the oldest first. One that a
 * buyer still holds is left for the next time.
 * @param limit how many leads the batch looks at
 */
export async function eraseByRetention(
  database: Database,
  { now, retentionMs }: Retention,
  from: RetentionCursor,
  limit: number,
): Promise<RetentionBatch> {
  const campaigns = await database.campaigns
    .find({ _id: { $gte: from.campaign } }, { projection: { retention: 1 } })
    .sort({ _id: 1 })
    .toArray();
  let erased = 0;
  let left = limit;
  for (const { _id: campaign, retention = retentionMs } of campaigns) {
    if (retention === undefined) continue;
    const after = new Date(campaign === from.campaign ? from.after : 0);
    const past = await endedBefore(database, { campaign, after, before: new Date(now - retention) }, left);
    for (const { _id } of past) {
      const { outcome } = await eraseLead(database, _id, { by: 'retention' });
      if (outcome === 'erased') erased += 1;
    }
    left -= past.length;
    const last = past.at(-1);
    // Leads of the same millisecond that no longer fitted in are found the next time.
    if (left === 0 && last) return { erased, next: { campaign, after: last.receivedAt.getTime() } };
  }
  return { erased };
}

interface Ended {
  campaign: string;
  /** Received after this time. */
  after: Date;
  /** Ended before this time. */
  before: Date;
}

/** Leads with something left to erase, the oldest first: their person, or the hashes of one that was never stored. */
async function endedBefore(
  { leads }: Database,
  { campaign, after, before }: Ended,
  limit: number,
): Promise<{ _id: string; receivedAt: Date }[]> {
  const find = (left: object) =>
    leads
      .find({
        ...left,
        campaign,
        receivedAt: { $gt: after, $lt: before },
        updatedAt: { $lt: before },
        status: { $in: [...ENDED] },
      })
      .project<{ _id: string; receivedAt: Date }>({ receivedAt: 1 })
      .sort({ receivedAt: 1 })
      .limit(limit)
      .toArray();
  // Each has an index of its own.
  const found = await Promise.all(
    [{ 'person.key': { $exists: true } }, { withoutPerson: true as const }].map(find),
  );
  return found
    .flat()
    .sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())
    .slice(0, limit);
}
