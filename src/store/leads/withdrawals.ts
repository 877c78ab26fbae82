import { ENDED, type LeadStatus } from '../../market/model/lead.js';
import type { Database } from '../db.js';
import type { StoredLead, Withdrawal } from '../documents.js';

/** A lead's state. `withdrawing`: withdrawn while a post was in progress, whose answer decides how it ends. */
export type LeadState = LeadStatus | 'withdrawing';

type Leads = Pick<Database, 'leads'>;

/** A condition of every write that continues a sale: a withdrawal takes precedence over what was read before. */
export const NOT_WITHDRAWN = { withdrawal: { $exists: false } };

/** Not ended. */
export const ON_SALE = { status: { $in: ['received', 'pending'] satisfies LeadStatus[] } };

export const stateOf = ({ status, withdrawal }: Pick<StoredLead, 'status' | 'withdrawal'>): LeadState =>
  withdrawal !== undefined && !ENDED.includes(status) ? 'withdrawing' : status;

/** Undefined if there is no such lead. */
export async function findState({ leads }: Leads, _id: string): Promise<LeadState | undefined> {
  const lead = await leads.findOne({ _id }, { projection: { status: 1, withdrawal: 1 } });
  return lead === null ? undefined : stateOf(lead);
}

/**
 * Takes a lead off sale and returns its state afterwards. All withdrawals are made here. The write takes effect even if
 * the workflow can't be reached, because every later step has it in its condition (`claimLead`, `markPending`, a new
 * round). A lead with a post in progress is `withdrawing` until `endWithdrawn` finds it free. A sold lead stays sold,
 * but no further buyer of a shared sale gets it, and a return does not put it on sale again.
 */
export async function withdraw(
  database: Leads,
  _id: string,
  { by, asked, reason }: Omit<Withdrawal, 'at'> = {},
): Promise<LeadState | undefined> {
  const at = new Date();
  const withdrawal: Withdrawal = { at, by, asked, reason };
  const isFirst = { _id, ...NOT_WITHDRAWN };
  for (;;) {
    // The common case, in one round trip. The lead stays due until its workflow, or the one that the sweep starts, has
    // handled it.
    const free = await database.leads.updateOne(
      { ...isFirst, ...ON_SALE, claimed: 0 },
      { $set: { withdrawal, status: 'withdrawn', reason, updatedAt: at, endedAt: at, dueAt: at } },
    );
    if (free.matchedCount === 1) return 'withdrawn';
    const claimed = await database.leads.updateOne(
      { ...isFirst, ...ON_SALE },
      { $set: { withdrawal, updatedAt: at, dueAt: at } },
    );
    if (claimed.matchedCount === 0)
      await database.leads.updateOne({ ...isFirst, status: 'sold' }, { $set: { withdrawal } });
    const state = await endWithdrawn(database, _id);
    // Sold and returned between these writes: it is on sale again.
    if (state !== 'received' && state !== 'pending') return state;
  }
}

/**
 * Ends a withdrawn lead without claims. Returns its state afterwards: `sold` if the post in progress was accepted,
 * `withdrawing` while it has no answer.
 */
export async function endWithdrawn(database: Leads, _id: string): Promise<LeadState | undefined> {
  const lead = await database.leads.findOne(
    { _id },
    { projection: { status: 1, claimed: 1, withdrawal: 1 } },
  );
  if (lead === null) return undefined;
  const { claimed, withdrawal } = lead;
  if (withdrawal === undefined || stateOf(lead) !== 'withdrawing' || claimed > 0) return stateOf(lead);
  const now = new Date();
  const { matchedCount } = await database.leads.updateOne(
    { _id, ...ON_SALE, claimed: 0 },
    { $set: { status: 'withdrawn', reason: withdrawal.reason, updatedAt: now, endedAt: now } },
  );
  return matchedCount === 1 ? 'withdrawn' : findState(database, _id);
}
