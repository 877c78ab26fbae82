import type { Database } from '../db.js';
import type { Told } from '../documents.js';

/** A day of tries at several addresses, and some. */
const KEPT = 100;

/**
 * Notes a try with its lead, for whoever reads the lead's story: Temporal shows tries only while more are to come. What
 * can't be noted is in the log alone; to fail for it would tell again who has heard.
 */
export async function noteTold({ leads }: Database, leadId: string, one: Told): Promise<void> {
  await leads
    .updateOne({ _id: leadId }, { $push: { told: { $each: [one], $slice: -KEPT } } })
    .catch(() => undefined);
}
