import { holdOf } from './book.js';
import { confirm, unsettledLeads, release } from '../sales/capacity.js';
import type { Database } from '../db.js';

/** A process settles its own reservations within this time, ms; after it, the process has died. */
const GRACE_MS = 60_000;
const BATCH = 100;

/**
 * Settles reservations whose posts have ended and whose process died first: the reservation of a booked sale is
 * confirmed, any other is released. Returns the number of leads.
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
