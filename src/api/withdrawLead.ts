import { ENDED } from '../market/lead.js';
import type { Database } from '../store/db.js';
import { endLead, findStoredLead } from '../store/leads.js';
import type { StoredLead } from '../store/person.js';

/**
 * Takes a lead off sale and returns it as it stands after that: a sold one stays sold, and one that a buyer is just being
 * posted is still pending, and ends when the buyer does not take it. Where its workflow can't be reached the lead is
 * ended here, which no sale gets past; undefined where that can't be either, because a post is under way: nothing was
 * changed.
 * @param withdraw asks the lead's workflow; rejects where it has not taken note
 */
export async function withdrawLead(
  database: Database,
  lead: StoredLead,
  withdraw: (leadId: string) => Promise<unknown>,
): Promise<StoredLead | undefined> {
  if (ENDED.includes(lead.status)) return lead;
  const isNoted = await withdraw(lead._id).then(
    () => true,
    () => false,
  );
  if (!isNoted) {
    const status = await endLead(database, lead._id, 'withdrawn', true);
    if (status === undefined || !ENDED.includes(status)) return undefined;
  }
  return (await findStoredLead(database, lead._id)) ?? undefined;
}
