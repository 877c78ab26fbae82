import type { LeadStatus } from '../market/lead.js';
import type { Database } from './db.js';
import type { Claim, LeadDocument } from './leads.js';
import { openLead } from './person.js';

/** The lead as the poster needs it with its claim, or why there is none: another hand ended the lead or holds it. */
export type Claimed = { lead: LeadDocument; claim: Claim } | { closed: LeadStatus };

/**
 * Takes a buyer's hold on the lead, or finds the one that an earlier try took. The condition is in the update itself:
 * however many workers try at once, no more than `maxBuyers` hold the lead, and each contract at most once.
 */
export async function claimLead(
  { leads, vault }: Database,
  leadId: string,
  contract: string,
  claim: Pick<Claim, 'postId' | 'round' | 'buyer' | 'price'>,
  maxBuyers: number,
): Promise<Claimed> {
  const path = `claims.${contract}`;
  const at = new Date();
  const fresh: Claim = { ...claim, status: 'posting', at };
  await leads.updateOne(
    {
      _id: leadId,
      status: { $nin: ['expired', 'withdrawn'] },
      erased: { $exists: false },
      held: { $lt: maxBuyers },
      [path]: { $exists: false },
    },
    { $set: { [path]: fresh, updatedAt: at }, $inc: { held: 1 } },
  );
  const lead = await leads.findOne({ _id: leadId }, { projection: { rounds: 0 } });
  if (lead === null) throw new Error(`Lead ${leadId} is gone`);
  const taken = lead.claims[contract];
  return taken === undefined ? { closed: lead.status } : { lead: openLead(vault, lead), claim: taken };
}

/**
 * Ends a hold without a sale and gives its place to the next bidder. False where the claim was no longer `posting`:
 * it was booked or ended by another hand.
 */
export async function releaseClaim(
  { leads }: Database,
  leadId: string,
  contract: string,
  status: 'refused' | 'cancelled',
  detail?: string,
): Promise<boolean> {
  const path = `claims.${contract}`;
  const now = new Date();
  const { modifiedCount } = await leads.updateOne(
    { _id: leadId, [`${path}.status`]: 'posting' },
    {
      $set: {
        [`${path}.status`]: status,
        [`${path}.endedAt`]: now,
        [`${path}.detail`]: detail,
        updatedAt: now,
      },
      $inc: { held: -1 },
    },
  );
  return modifiedCount === 1;
}
