import type { Settings } from '../../config.js';
import type { Log } from '../../log.js';
import { ENDED } from '../../market/model/lead.js';
import type { Database } from '../db.js';
import { eraseLead } from './erase.js';

/**
 * The persons whose retention is over: leads that ended longer before `now` (UTC ms) than their campaign's retention.
 */
export interface Retention {
  now: number;
  /** For campaigns without their own retention, ms. Absent: their persons are kept. */
  retentionMs?: number | undefined;
}

/** Logs the campaigns that keep persons forever because no retention is set. A failure does not stop the start. */
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

/** The start of a batch: a campaign, and leads received after this time, UTC ms. */
export interface RetentionCursor {
  campaign: string;
  after: number;
}

/** The result of a batch. `next` is the start of the following one; absent after the last. */
export interface RetentionBatch {
  erased: number;
  next?: RetentionCursor;
}

/**
 * Erases persons whose retention is over: by campaign id, oldest leads first. A lead with a post in progress is left
 * for the next run.
 * @param limit maximum number of leads in the batch
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
    // Further leads of the same millisecond are found by the next run.
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

/** Leads with data to erase, oldest first: their person, or the hashes of a person that was never stored. */
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
  // Each condition has its own index.
  const found = await Promise.all(
    [{ 'person.key': { $exists: true } }, { withoutPerson: true as const }].map(find),
  );
  return found
    .flat()
    .sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())
    .slice(0, limit);
}
