import { LRUCache } from 'lru-cache';
import type { WaitUpdate } from '../../market/waiting/waiting.js';
import { waitUpdateFor } from '../../market/waiting/waking.js';
import type { Database } from '../db.js';
import { IN_VALUES } from '../localDatabase.js';
import { leadInRound } from '../leads/leads.js';
import { loadTerms } from './storedTerms.js';
import type { MarketChangeProgress } from '../documents.js';
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
 * After `done`, the next batch starts after these leads, or after `upTo`.
 */
export async function nextMarketChange(
  database: Database,
  now: Date,
): Promise<{ leads: AffectedLead[]; done(upTo?: string): Promise<void> } | undefined> {
  const change = await leaseMarketChange(database, now);
  if (!change) return undefined;
  const { leads, after, isLast } = await affectedLeads(database, change, now.getTime());
  const finish = isLast ? finishMarketChange : advanceMarketChange;
  const done = (upTo?: string): Promise<void> =>
    upTo === undefined
      ? finish(database, change, after, now)
      : advanceMarketChange(database, change, upTo, now);
  return { leads, done };
}

/**
 * The next waiting leads of the campaign that the change affects, as far as contracts' own terms tell; the last lead that
 * was looked at, and whether it was the last of all.
 */
async function affectedLeads(
  database: Database,
  { _id: campaign, contracts, pending, progress }: LeasedMarketChange,
  now: number,
): Promise<{ leads: AffectedLead[]; after: string; isLast: boolean }> {
  const { after } = progress;
  const leads: AffectedLead[] = [];
  const market = await loadTerms(database, campaign);
  const ids = new Set(contracts);
  const changed = {
    contracts: market?.contracts.filter(({ contract }) => ids.has(contract.id)) ?? [],
    pending: pending === true,
  };
  if (market === undefined || (changed.contracts.length === 0 && !changed.pending))
    return { leads, after, isLast: true };
  let last = after;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += LOOKED_AT_ONCE) {
    const next = await waitingAfter(database, campaign, { ...progress, after: last });
    if (next.length === 0) return { leads, after: last, isLast: true };
    const waiting = await database.leads
      .find({ _id: { $in: next }, status: 'pending' }, { projection: { rounds: 0 }, sort: { _id: 1 } })
      .toArray();
    for (const lead of waiting) {
      const dueAt = lead.dueAt?.getTime() ?? Infinity;
      const news = waitUpdateFor(market, changed, leadInRound(openLead(database.vault, lead)), {
        dueAt,
        now,
      });
      if (news !== undefined) leads.push({ leadId: lead._id, news });
      if (leads.length === BATCH) return { leads, after: lead._id, isLast: false };
    }
    last = next.at(-1) ?? last;
  }
  return { leads, after: last, isLast: false };
}

/** Ids that are read ahead, for how many campaigns they are kept, and how many of their leads are looked at together. */
const READ_AHEAD = 100_000;
const CAMPAIGNS_AHEAD = 10;
const LOOKED_AT_ONCE = IN_VALUES;

/** Ids of a change, in order, from the one after `from`. */
interface Ahead {
  at: number;
  until: string | undefined;
  from: string;
  ids: string[];
}

/** What this process has read ahead, by campaign, for each database that it has opened. */
const ahead = new WeakMap<Database, LRUCache<string, Ahead>>();

/**
 * Ids of the next leads of a campaign that wait, or did when their ids were read for this change. They are read ahead
 * because SecantusDB reads all leads of a campaign before it applies range and limit (src/store/localDatabase.ts).
 */
async function waitingAfter(
  database: Database,
  campaign: string,
  { at, after, until }: MarketChangeProgress,
): Promise<string[]> {
  const known = ahead.get(database) ?? new LRUCache<string, Ahead>({ max: CAMPAIGNS_AHEAD });
  ahead.set(database, known);
  const kept = known.get(campaign);
  const isOfChange = kept?.at === at.getTime() && kept.until === until && kept.from <= after;
  const next = isOfChange ? kept.ids.filter((id) => id > after) : [];
  if (next.length > 0) return next.slice(0, LOOKED_AT_ONCE);
  const ids = await database.leads
    .find(
      { campaign, status: 'pending', _id: { $gt: after, $lte: until } },
      { projection: { _id: 1 }, sort: { _id: 1 }, limit: READ_AHEAD },
    )
    .map(({ _id }) => _id)
    .toArray();
  if (ids.length > 0) known.set(campaign, { at: at.getTime(), until, from: after, ids });
  else known.delete(campaign);
  return ids.slice(0, LOOKED_AT_ONCE);
}
