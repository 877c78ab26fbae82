import type { Database } from './db.js';

/** One try at telling the seller or a buyer what has become of a lead. */
export interface Told {
  at: Date;
  /** `postback: sold`, `notice: won`. */
  what: string;
  /** `address 1` of the seller, or a buyer. */
  whom: string;
  heard: boolean;
  /** The code of the answer, or why there was none. */
  detail?: string | undefined;
  ms: number;
}

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
