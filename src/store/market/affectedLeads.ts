import type { WaitUpdate } from '../../market/waiting/waiting.js';
import { waitUpdateFor } from '../../market/waiting/waking.js';
import type { Database } from '../db.js';
import { leadInRound } from '../leads/leads.js';
import { loadTerms } from './storedTerms.js';
import { openLead } from '../leads/person.js';
import type { MarketChangeDocument } from '../documents.js';
import { removeMarketChange, extendMarketChangeLease, leaseMarketChange } from '../marketChanges.js';

/** The lease is extended after this number of leads. */
const KEEP_EVERY = 100;

/** A waiting lead and its notification; see `waitUpdateFor`. */
export interface AffectedLead {
  leadId: string;
  news: 'now' | WaitUpdate;
}

/** A change that this worker has leased, and the waiting leads that it affects. */
export interface LeasedMarketChange {
  leads: AffectedLead[];
  /** Extends the lease. */
  extendLease(): Promise<void>;
  /** All leads are notified; removes the change. */
  done(): Promise<void>;
}

/** Leases the next change; undefined if there is none. */
export async function nextMarketChange(
  database: Database,
  now: Date,
): Promise<LeasedMarketChange | undefined> {
  const change = await leaseMarketChange(database, now);
  if (!change) return undefined;
  const extendLease = (): Promise<void> => extendMarketChangeLease(database, change, new Date());
  return {
    leads: await affectedLeads(database, change, now.getTime(), extendLease),
    extendLease,
    done: () => removeMarketChange(database, change),
  };
}

/**
 * Waiting leads of the campaign that the change affects, as far as contracts' own terms tell.
 * @param extendLease see `LeasedMarketChange`
 */
export async function affectedLeads(
  database: Database,
  { _id: campaign, contracts, pending }: MarketChangeDocument,
  now: number,
  extendLease?: () => Promise<void>,
): Promise<AffectedLead[]> {
  const market = await loadTerms(database, campaign);
  if (market === undefined) return [];
  const ids = new Set(contracts);
  const changed = {
    contracts: market.contracts.filter(({ contract }) => ids.has(contract.id)),
    pending: pending === true,
  };
  if (changed.contracts.length === 0 && !changed.pending) return [];
  const waiting = database.leads.find({ campaign, status: 'pending' }, { projection: { rounds: 0 } });
  const concerned: AffectedLead[] = [];
  let looked = 0;
  for await (const lead of waiting) {
    if (++looked % KEEP_EVERY === 0) await extendLease?.();
    const dueAt = lead.dueAt?.getTime() ?? Infinity;
    const news = waitUpdateFor(market, changed, leadInRound(openLead(database.vault, lead)), { dueAt, now });
    if (news !== undefined) concerned.push({ leadId: lead._id, news });
  }
  return concerned;
}
