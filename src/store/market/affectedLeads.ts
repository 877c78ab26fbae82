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
  let last = after;
  let looked = 0;
  while (looked < MOST_LOOKED_AT) {
    const stop = await nextStop(database, campaign, { after: last, until });
    const waiting = database.leads
      .find(
        { campaign, status: 'pending', _id: { $gt: last, $lte: stop ?? until } },
        { projection: { rounds: 0 }, sort: { _id: 1 } },
      )
      .map((lead) => ({ id: lead._id, dueAt: lead.dueAt?.getTime() ?? Infinity, lead }));
    for await (const { id, dueAt, lead } of waiting) {
      last = id;
      looked += 1;
      const news = waitUpdateFor(market, changed, leadInRound(openLead(database.vault, lead)), {
        dueAt,
        now,
      });
      if (news !== undefined) leads.push({ leadId: id, news });
      if (leads.length === BATCH) return { leads, after: last, isLast: false };
    }
    if (stop === undefined) return { leads, after: last, isLast: true };
    last = stop;
  }
  return { leads, after: last, isLast: false };
}

/** Ids that are read ahead, and how many leads there are from one stop to the next. */
const READ_AHEAD = 10_000;
const STEP = 200;

/** The stops that this process knows, by campaign, for each database that it has opened. */
const stops = new WeakMap<Database, Map<string, string[]>>();

/**
 * Where a search for waiting leads stops: SecantusDB reads a whole range before it sorts or limits it, 28 µs a lead
 * (src/store/localDatabase.ts). Undefined if only a few are left.
 */
async function nextStop(
  database: Database,
  campaign: string,
  { after, until }: { after: string; until: string | undefined },
): Promise<string | undefined> {
  const known = stops.get(database) ?? new Map<string, string[]>();
  stops.set(database, known);
  const isAhead = (id: string): boolean => id > after && (until === undefined || id < until);
  const next = known.get(campaign)?.find(isAhead);
  if (next !== undefined) return next;
  const ids = await database.leads
    .find(
      { campaign, status: 'pending', _id: { $gt: after, $lte: until } },
      { projection: { _id: 1 }, sort: { _id: 1 }, limit: READ_AHEAD },
    )
    .map(({ _id }) => _id)
    .toArray();
  const found = ids.filter((id, i) => i % STEP === STEP - 1 && isAhead(id));
  known.set(campaign, found);
  return found[0];
}
