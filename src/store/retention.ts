import { ENDED } from '../market/lead.js';
import type { Database } from './db.js';
import { eraseLead } from './erase.js';

/** What one batch of the retention did. `next` is where the following one begins; absent after the last. */
export interface RetentionBatch {
  erased: number;
  next?: Date;
}

/**
 * Erases the persons of leads that ended before a moment, the oldest first. One that a buyer still holds is left for
 * the next time.
 * @param after leads that were received since; where the batch before has ended
 */
export async function erasePast(
  database: Database,
  before: Date,
  after: Date,
  limit: number,
): Promise<RetentionBatch> {
  const found = await database.leads
    .find({
      'person.key': { $exists: true },
      receivedAt: { $gt: after, $lt: before },
      updatedAt: { $lt: before },
      status: { $in: [...ENDED] },
    })
    .project<{ _id: string; receivedAt: Date }>({ receivedAt: 1 })
    .sort({ receivedAt: 1 })
    .limit(limit)
    .toArray();
  let erased = 0;
  for (const { _id } of found) {
    const { outcome } = await eraseLead(database, _id, { by: 'retention' });
    if (outcome === 'erased') erased++;
  }
  // Leads of the same millisecond that no longer fitted in are found the next time.
  return { erased, ...(found.length === limit && { next: found.at(-1)?.receivedAt }) };
}
