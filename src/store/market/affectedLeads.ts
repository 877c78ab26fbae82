import type { WaitUpdate } from '../../market/waiting/waiting.js';
import { waitUpdateFor } from '../../market/waiting/waking.js';
import type { Database } from '../db.js';
import { leadInRound } from '../leads/leads.js';
import { loadTerms } from './storedTerms.js';
import { openLead } from '../leads/person.js';
import {
  advanceMarketChange,
  finishMarketChange,
  leaseMarketChange,
  type LeasedMarketChange,
} from '../marketChanges.js';

/** A batch is what a worker that crashes notifies again. */
const BATCH = 10;
/** Leads that are looked at for a batch. Their personal data is decrypted, so this takes a part of a second. */
const MOST_LOOKED_AT = 2000;

/** A waiting lead and its notification; see `waitUpdateFor`. */
export interface AffectedLead {
  leadId: string;
  news: 'now' | WaitUpdate;
}

/**
 * Leases a market change for the next batch of the waiting leads that it affects, oldest first; undefined if there is none.
 * After `done`, the next batch starts after these leads.
 */
export async function nextMarketChange(
  database: Database,
  now: Date,
): Promise<{ leads: AffectedLead[]; done(): Promise<void> } | undefined> {
  const change = await leaseMarketChange(database, now);
  if (!change) return undefined;
  const { leads, after, isLast } = await affectedLeads(database, change, now.getTime());
  const finish = isLast ? finishMarketChange : advanceMarketChange;
  return { leads, done: () => finish(database, change, after, now) };
}

/**
 * The next waiting leads of the campaign that the change affects, as far as contracts' own terms tell; the last lead that
 * was looked at, and whether it was the last of all.
 */
async function affectedLeads(
  database: Database,
  { _id: campaign, contracts, pending, progress: { after, until } }: LeasedMarketChange,
  now: number,
): Promise<{ leads: AffectedLead[]; after: string; isLast: boolean }> {
  const leads: AffectedLead[] = [];
  const market = await loadTerms(database, campaign);
  const ids = new Set(contracts);
  const changed = {
    contracts: market?.contracts.filter(({ contract }) => ids.has(contract.id)) ?? [],
    pending: pending === true,
  };
  if (market === undefined || (changed.contracts.length === 0 && !changed.pending))
    return { leads, after, isLast: true };
  const waiting = database.leads
    .find(
      { campaign, status: 'pending', _id: { $gt: after, $lte: until } },
      { projection: { rounds: 0 }, sort: { _id: 1 }, limit: MOST_LOOKED_AT },
    )
    .map((lead) => ({ id: lead._id, dueAt: lead.dueAt?.getTime() ?? Infinity, lead }));
  let last = after;
  let looked = 0;
  for await (const { id, dueAt, lead } of waiting) {
    last = id;
    looked += 1;
    const news = waitUpdateFor(market, changed, leadInRound(openLead(database.vault, lead)), { dueAt, now });
    if (news !== undefined) leads.push({ leadId: id, news });
    if (leads.length === BATCH) return { leads, after: last, isLast: false };
  }
  return { leads, after: last, isLast: looked < MOST_LOOKED_AT };
}
