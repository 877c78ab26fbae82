import { holdOf } from './book.js';
import { confirm, unsettledLeads, release } from '../sales/capacity.js';
import type { Database } from '../db.js';

/** A process settles its own reservations within this time, ms; after it, it has died. */
const GRACE_MS = 60_000;
const BATCH = 100;

/**
 * Settles reservations whose posts have ended and whose process died before it could: a booked one is confirmed, any
 * other is given back. Returns how many leads it saw to.
 */
export async function settleUnsettled(database: Database): Promise<number> {
  const leads = await unsettledLeads(database, new Date(Date.now() - GRACE_MS), BATCH);
  for (const lead of leads) {
    for (const contract of lead.loose ?? []) {
      const claim = lead.claims[contract];
      if (claim === undefined) continue;
      const hold = holdOf(lead, contract, claim);
      if (claim.status === 'accepted' || claim.status === 'returned') await confirm(database, hold);
      else if (claim.status !== 'posting') await release(database, hold, true);
    }
  }
  return leads.length;
}
